import { statSync } from 'node:fs';
import type { RuntimeConfig } from '@kairos/config';

/** What answers at an address. `silent`: something takes the connection and says nothing; it may be a server in trouble. */
export type Found =
  | {
      readonly kind: 'server';
      readonly url: string;
      readonly pid: number | undefined;
      readonly version: string;
      readonly store: ServedStore;
    }
  | { readonly kind: 'refused'; readonly url: string; readonly status: number }
  | { readonly kind: 'stranger' | 'silent' | 'none'; readonly url: string };

export interface ServedStore {
  /** Undefined: the server tells of no file. */
  readonly path: string | undefined;
  readonly file: string | undefined;
}

const PATIENCE_MS = 3_000;

/** The address a configured server has for this machine. Undefined: it takes any free port, so nobody can know. */
export function addressOf({ host, port }: RuntimeConfig['http']): string | undefined {
  if (port === 0) return undefined;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

const textOf = (value: unknown, name: string): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof found === 'string' ? found : typeof found === 'number' ? String(found) : undefined;
};

function serverOf(url: string, answer: unknown): Found {
  const version = textOf(answer, 'version');
  const pid = textOf(answer, 'pid');
  if (version === undefined || pid === undefined) return { kind: 'stranger', url };
  const store = typeof answer === 'object' && answer !== null && 'store' in answer ? answer.store : undefined;
  const served = { path: textOf(store, 'path'), file: textOf(store, 'file') };
  return { kind: 'server', url, pid: Number(pid), version, store: served };
}

const isTimeout = (error: unknown): boolean => error instanceof Error && error.name === 'TimeoutError';

/** Asks who is there. Never rejects. */
export async function findServer(url: string, token: string | undefined): Promise<Found> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  try {
    const answer = await fetch(`${url}/health`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error',
      ...(headers && { headers }),
    });
    const text = await answer.text();
    if (answer.status === 401 || answer.status === 403 || answer.status === 421)
      return { kind: 'refused', url, status: answer.status };
    return serverOf(url, parsed(text));
  } catch (error) {
    if (isTimeout(error)) return { kind: 'silent', url };
    return { kind: isRefusal(error) ? 'none' : 'stranger', url };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const NOBODY = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL'];

/** Nobody listens there: told from somebody who does and speaks no HTTP. */
function isRefusal(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && NOBODY.includes(String(cause.code))) return true;
    if (cause instanceof AggregateError && cause.errors.some((inner) => isRefusal(inner))) return true;
  }
  return false;
}

/** Whether the file at a path is the one a server works on. A file that is not there is nobody's. */
export function isServed(store: ServedStore, path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && store.file === `${stat.dev}:${stat.ino}`;
}
