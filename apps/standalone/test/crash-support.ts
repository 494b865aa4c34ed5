import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SystemClock } from '@kairos/clock-system';
import { checkStore, placeText } from '@kairos/fsck';
import type { SandboxVenue, VenueClock } from '@kairos/sandbox-venue';
import type { Clock } from '@kairos/ports';
import { openSqliteStore } from '@kairos/store-sqlite';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { exported } from './recordings.ts';
import { scratch, ServerProcess, type Json } from './harness.ts';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** Polls until `done` answers true. */
export async function until(done: () => boolean | Promise<boolean>, everyMs = 50): Promise<void> {
  while (!(await done())) await new Promise((resume) => setTimeout(resume, everyMs));
}

/** The broken promises of the store at the path, one text each. Looks as an operator would, from outside. */
export async function fsckErrors(path: string, clock: Clock = new SystemClock()): Promise<string[]> {
  const store = await openSqliteStore({ path, readOnly: true });
  try {
    const errors: string[] = [];
    for await (const v of checkStore({ ...store, clock }))
      if (v.severity === 'error') errors.push(`${v.code} ${placeText(v.where)}`);
    return errors;
  } finally {
    await store.close();
  }
}

const PRELOAD = pathToFileURL(join(fileURLToPath(import.meta.url), '../shifted-clock.mjs')).href;

/** A clock ahead of the machine's by so much, for servers started with `env`, and for venues as it is. */
export class ShiftedClock implements Clock, VenueClock {
  readonly env: Readonly<Record<string, string>>;
  readonly #file: number;
  #shift = 0;

  constructor(file: string) {
    this.#file = openSync(file, 'w');
    this.env = { NODE_OPTIONS: `--import=${PRELOAD}`, TEST_CLOCK_FILE: file };
    this.shift = 0;
  }

  get shift(): number {
    return this.#shift;
  }

  /** One write of fixed width: a reader sees the old or the new. */
  set shift(ms: number) {
    this.#shift = ms;
    writeSync(this.#file, String(ms).padStart(31), 0);
  }

  now(): number {
    return Date.now() + this.#shift;
  }

  /** Timers keep their pace. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new SystemClock().sleep(ms, signal);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Servers of one test over one folder. `remove` ends them, however far the test came. */
export class Yard {
  readonly #place = scratch();
  readonly #servers: ServerProcess[] = [];
  readonly #clocks: ShiftedClock[] = [];

  get dir(): string {
    return this.#place.dir;
  }

  folder(name: string): string {
    const dir = join(this.dir, name);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  clock(name: string): ShiftedClock {
    const clock = new ShiftedClock(join(this.dir, `${name}.clock`));
    this.#clocks.push(clock);
    return clock;
  }

  /** A server on the store at `path`. */
  async server(p: {
    readonly name: string;
    readonly path: string;
    readonly venue: SandboxVenue;
    readonly clock?: ShiftedClock | undefined;
    /** Further settings of the source, in YAML's braces. */
    readonly source?: string;
  }): Promise<ServerProcess> {
    const server = this.launch(p);
    await server.ready;
    return server;
  }

  /** The same, but does not wait until it listens. */
  launch(p: Parameters<Yard['server']>[0]): ServerProcess {
    const { name, path, venue, clock, source = '' } = p;
    const yaml = `
      task_store: { type: sqlite, path: ${path} }
      http: { port: 0 }
      tick_ms: 100
      sources: { binance: { base_url: "${venue.url}", realm: "${venue.realm}"${source && `, ${source}`} } }`;
    const server = ServerProcess.launch(this.folder(name), yaml, clock?.env);
    this.#servers.push(server);
    return server;
  }

  /** `before`: what else must go once no server runs. */
  async remove(before: () => void = () => undefined): Promise<void> {
    for (const server of this.#servers) await server.kill();
    before();
    for (const clock of this.#clocks) clock.close();
    this.#place.remove();
  }
}

/** The signal that orders candles; without an end it is a standing order. */
export const order = (p: {
  readonly id: string;
  readonly symbols: readonly string[];
  readonly frequency: string;
  readonly from: number;
  readonly to?: number | undefined;
}): Json => ({
  action: 'create_task',
  task_id: p.id,
  project_id: 'p',
  dataset: 'd',
  data_type: 'kline',
  source: 'binance',
  symbols: p.symbols,
  frequency: p.frequency,
  start_time: new Date(p.from).toISOString(),
  ...(p.to === undefined ? {} : { end_time: new Date(p.to).toISOString() }),
});

const plain = (decimal: string): string => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);

/** What a synthetic venue has of a span, asked from it directly: `ts,open,high,low,close,volume`. */
export async function served(
  venue: SandboxVenue,
  p: { readonly symbol: string; readonly frequency: string; readonly from: number; readonly to: number },
): Promise<string[]> {
  const lines: string[] = [];
  for (let from = p.from; ;) {
    const query = `symbol=${p.symbol}&interval=${p.frequency}&startTime=${from}&endTime=${p.to - 1}&limit=1000`;
    const rows = (await (await fetch(`${venue.url}/api/v3/klines?${query}`)).json()) as [
      number,
      ...string[],
    ][];
    lines.push(...rows.map(([ts, ...rest]) => [ts, ...rest.slice(0, 5).map(plain)].join(',')));
    const last = rows.at(-1);
    if (!last) return lines;
    from = last[0] + 1;
  }
}

/** What a server has of a series, in the same form. */
export async function kept(server: ServerProcess, symbol: string, frequency: string): Promise<string[]> {
  const { text } = await server.get(`/v1/series/binance/${symbol}/kline/${frequency}?format=csv`);
  return exported(text).map((line) => {
    const [ts = '', ...rest] = line.split(',');
    return [ts, ...rest.map(plain)].join(',');
  });
}

export interface RunLine {
  readonly run_id: string;
  readonly kind: string;
  readonly slot: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly skipped?: { readonly n: number } | null;
}

export async function runsOf(server: ServerProcess, taskId: string): Promise<readonly RunLine[]> {
  return (await server.json(`/v1/tasks/${taskId}/runs?limit=1000`))['runs'] as RunLine[];
}

/** Ends of a try after which its slot is tried again. */
const TRIED_AGAIN = ['expired', 'handed_over', 'partial', 'failed'];

/** What came of each scheduled slot: the outcome of its last try, and of any other that was not to be repeated. */
export function endsBySlot(runs: readonly RunLine[]): Map<string, string[]> {
  const ends = new Map<string, string[]>();
  const oldestFirst = runs.filter((r) => r.kind !== 'manual').toSorted((a, b) => a.attempt - b.attempt);
  for (const { slot, outcome } of oldestFirst) {
    const before = (ends.get(slot) ?? []).filter((end) => !TRIED_AGAIN.includes(end));
    ends.set(slot, [...before, outcome]);
  }
  return ends;
}

/** Minutes closed so long ago are surely settled and collected by a server that works. */
const SETTLED_MS = 20_000;

/** The end of the last minute that everybody should have by now. */
export const settledBefore = (now: number): number => Math.floor((now - SETTLED_MS) / MINUTE) * MINUTE;

/** Whether the server has every minute of the span, finally. */
export async function isWhole(
  server: ServerProcess,
  p: { readonly symbol: string; readonly from: number; readonly to: number },
): Promise<boolean> {
  const { status, text } = await server.get(
    `/v1/coverage/binance/${p.symbol}/kline/1m?from=${p.from}&to=${p.to}`,
  );
  if (status !== 200) return false;
  const { present } = JSON.parse(text) as Json;
  return present === (p.to - p.from) / MINUTE;
}

/** Whether every run that the server began has ended there. One that waits for a retry has. */
export function isIdle(server: ServerProcess): boolean {
  const count = (event: string): number => server.lines.filter((line) => line.includes(`"${event}"`)).length;
  return count('run.started') === count('run.ended') + count('run.abandoned');
}

interface Work {
  readonly server: number;
  readonly run: string;
  readonly from: number;
  readonly to: number;
}

/** What each server worked on and when, by its log. Work that was given up, or cut off by the end, has ended too. */
function workOf(server: ServerProcess, number: number): Work[] {
  const work: Work[] = [];
  const begun = new Map<string, number>();
  for (const line of server.lines) {
    const { event, run_id: run, time } = JSON.parse(line) as Json;
    const at = typeof time === 'number' ? time : Date.parse(String(time));
    if (event === 'run.started') begun.set(String(run), at);
    const from = begun.get(String(run));
    if (from === undefined || (event !== 'run.ended' && event !== 'run.abandoned')) continue;
    work.push({ server: number, run: String(run), from, to: at });
    begun.delete(String(run));
  }
  return work;
}

/** Runs that two servers worked on at the same time: there should be none. */
export function overlaps(servers: readonly ServerProcess[]): string[] {
  const all = servers.flatMap(workOf);
  return all.flatMap((a) =>
    all
      .filter((b) => a.server < b.server && a.run === b.run && a.from < b.to && b.from < a.to)
      .map((b) => `${a.run} by ${a.server} and ${b.server}`),
  );
}
