import { ServerError } from '../command.ts';
import type { Door, Exported, ExportOrder, Reply, ReplyBody } from './door.ts';

/** Longest wait for an answer. Exports may take longer: theirs is the wait for the first byte. */
const PATIENCE_MS = 60_000;

interface Remote {
  readonly url: string;
  readonly token: string | undefined;
  readonly language: 'en' | 'zh';
}

async function ask(remote: Remote, path: string, init: RequestInit = {}): Promise<Response> {
  const { url, token } = remote;
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    return await fetch(`${url}${path}`, {
      ...init,
      redirect: 'error',
      signal: patience.signal,
      headers: { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
  } catch (error) {
    const why = patience.signal.aborted ? `no answer within ${PATIENCE_MS / 1_000} s` : causeOf(error);
    throw new ServerError(
      remote.language === 'zh'
        ? `服务 ${url} 没有应答（${why}）`
        : `the server at ${url} does not answer (${why})`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error instanceof Error ? error.message : String(error);
}

const isBody = (value: unknown): value is ReplyBody =>
  typeof value === 'object' && value !== null && 'success' in value && typeof value.success === 'boolean';

async function replyOf(remote: Remote, answer: Response): Promise<Reply> {
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (isBody(body)) return { status: answer.status, body };
  throw new ServerError(`${remote.url}: HTTP ${answer.status}, and no reply of Kairos`);
}

/** What of an order stands in the address. */
function queryOf(order: ExportOrder): string {
  const { series, from, to, limit, includeProvisional, format, derive } = order;
  const fields = { format, from, to, limit, realm: series.realm, price: series.price, derive };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, String(value));
  if (includeProvisional) query.set('include_provisional', 'true');
  return query.toString();
}

/** Through a running server. */
export function remoteDoor(remote: Remote): Door {
  const post = async (body: string): Promise<Reply> => {
    const headers = { 'content-type': 'application/json' };
    return replyOf(remote, await ask(remote, '/task', { method: 'POST', headers, body }));
  };
  return {
    kind: 'server',
    where: remote.url,
    send: (signal) => post(JSON.stringify(signal)),
    sendText: post,
    async export(order): Promise<Exported | Reply> {
      const { source, symbol, dataType, frequency } = order.series;
      const place = [source, symbol, dataType, frequency].map(encodeURIComponent).join('/');
      const answer = await ask(remote, `/v1/series/${place}?${queryOf(order)}`);
      if (!answer.ok || answer.body === null) return replyOf(remote, answer);
      const named = /filename="([\w.-]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
      return { fileName: named ?? `export.${order.format}`, chunks: answer.body };
    },
    close: () => Promise.resolve(),
  };
}
