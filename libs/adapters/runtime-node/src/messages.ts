import { KairosError, type JsonValue } from '@kairos/domain';
import type { JobCall, JobLogLevel, JobRecords } from '@kairos/ports';

/** Longest message of a worker, in bytes of JSON. */
export const MAX_FRAME_BYTES = 1_048_576;
const HEAD_BYTES = 4;

/** The one order a worker gets. */
export type WorkerOrder =
  | { readonly t: 'inspect'; readonly url: string; readonly function: string; readonly most: number }
  | { readonly t: 'run'; readonly url: string; readonly call: JobCall; readonly most: number };

/** What a worker is told while it works. */
export type WorkerNotice =
  | { readonly t: 'stop'; readonly code: string }
  | { readonly t: 'ack'; readonly seq: number; readonly answer: JsonValue }
  | { readonly t: 'refused'; readonly seq: number; readonly code: string; readonly message: string };

export type WorkerEnd =
  | { readonly ok: true; readonly result: JsonValue }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly permanent: boolean;
      readonly traceback: string | undefined;
      /** The refused message that the job did not catch. */
      readonly refused: number | undefined;
    };

export type WorkerMessage =
  | { readonly t: 'log'; readonly level: JobLogLevel; readonly message: string }
  | { readonly t: 'records'; readonly seq: number; readonly records: JobRecords }
  | { readonly t: 'state'; readonly seq: number; readonly state: JsonValue }
  | { readonly t: 'end'; readonly end: WorkerEnd };

export const frameError = (message: string): KairosError => new KairosError('JOB_FRAME', message);

/** Length and JSON, as it goes over the wire. */
export function encodeFrame(message: WorkerOrder | WorkerNotice): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** Puts frames together out of the pieces that a pipe delivers. Never holds more than one frame. */
export class FrameReader {
  #pieces: Buffer[] = [];
  #size = 0;

  /** The messages that are whole now. @throws KairosError `JOB_FRAME` */
  push(bytes: Buffer): WorkerMessage[] {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
    const out: WorkerMessage[] = [];
    for (let body = this.#take(); body; body = this.#take()) out.push(readMessage(body));
    return out;
  }

  #take(): Buffer | undefined {
    if (this.#size < HEAD_BYTES) return undefined;
    const length = this.#peek().readUInt32BE();
    if (length > MAX_FRAME_BYTES)
      throw frameError(`the job sent a message of ${length} bytes; at most ${MAX_FRAME_BYTES} are taken`);
    if (this.#size < HEAD_BYTES + length) return undefined;
    const [only, more] = this.#pieces;
    const all = only && !more ? only : Buffer.concat(this.#pieces);
    const rest = all.subarray(HEAD_BYTES + length);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    return all.subarray(HEAD_BYTES, HEAD_BYTES + length);
  }

  #peek(): Buffer {
    const first = this.#pieces[0];
    if (first && first.length >= HEAD_BYTES) return first;
    const joined = Buffer.concat(this.#pieces);
    this.#pieces = [joined];
    return joined;
  }
}

type Raw = Readonly<Record<string, unknown>>;

const LEVELS: readonly JobLogLevel[] = ['debug', 'info', 'warn', 'error'];

/** @throws KairosError `JOB_FRAME` when the bytes are no message of ours */
function readMessage(body: Buffer): WorkerMessage {
  const raw = object(parsed(body), 'a message');
  switch (raw['t']) {
    case 'log': {
      const level = LEVELS.find((l) => l === raw['level']) ?? 'info';
      return { t: 'log', level, message: text(raw['message'], 'message') };
    }
    case 'records':
      return {
        t: 'records',
        seq: whole(raw['seq'], 'seq'),
        records: recordsOf(object(raw['records'], 'records')),
      };
    case 'state':
      return { t: 'state', seq: whole(raw['seq'], 'seq'), state: json(raw['state'], 'state') };
    case 'end':
      return { t: 'end', end: endOf(raw) };
    default:
      throw frameError(`the job sent a message of unknown kind ${shown(raw['t'])}`);
  }
}

function endOf(raw: Raw): WorkerEnd {
  if (raw['ok'] === true) return { ok: true, result: json(raw['result'], 'result') };
  return {
    ok: false,
    code: text(raw['code'], 'code'),
    message: text(raw['message'], 'message'),
    permanent: raw['permanent'] === true,
    traceback: typeof raw['traceback'] === 'string' ? raw['traceback'] : undefined,
    refused: typeof raw['refused'] === 'number' ? raw['refused'] : undefined,
  };
}

function recordsOf(raw: Raw): JobRecords {
  const series = object(raw['series'], 'series');
  const columns = list(raw['columns'], 'columns').map((c) => text(c, 'columns'));
  const range = raw['range'];
  return {
    series: {
      source: text(series['source'], 'series.source'),
      symbol: text(series['symbol'], 'series.symbol'),
      dataType: text(series['dataType'], 'series.dataType'),
      frequency: text(series['frequency'], 'series.frequency'),
    },
    range: range === null ? null : spanOf(object(range, 'range')),
    complete: raw['complete'] === true,
    columns,
    rows: list(raw['rows'], 'rows').map((row, i) => cells(row, i, columns.length)),
  };
}

function spanOf(raw: Raw): { readonly from: number; readonly to: number } {
  const span = { from: whole(raw['from'], 'range.from'), to: whole(raw['to'], 'range.to') };
  if (span.from >= span.to)
    throw frameError(`range.to (${span.to}) must lie behind range.from (${span.from})`);
  return span;
}

function cells(row: unknown, i: number, width: number): readonly (string | number | null)[] {
  const values = list(row, `rows[${i}]`);
  if (values.length !== width) throw frameError(`rows[${i}] has ${values.length} cells for ${width} columns`);
  if (!values.every(isCell)) throw frameError(`rows[${i}] must hold text, numbers and null only`);
  return values;
}

const isCell = (v: unknown): v is string | number | null =>
  v === null || typeof v === 'string' || typeof v === 'number';

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw frameError(`the job sent a message that is no JSON: ${String(error).slice(0, 200)}`);
  }
}

function object(value: unknown, name: string): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw frameError(`${name} is ${shown(value)}, expected an object`);
  return { ...value };
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw frameError(`${name} is ${shown(value)}, expected a list`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw frameError(`${name} is ${shown(value)}, expected text`);
  return value;
}

function whole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw frameError(`${name} is ${shown(value)}, expected a whole number`);
  return value;
}

/** What JSON gave is JSON; only its absence is wrong. */
function json(value: unknown, name: string): JsonValue {
  if (!isPresent(value)) throw frameError(`${name} is missing`);
  return value;
}

const isPresent = (value: unknown): value is JsonValue => value !== undefined;

const shown = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, 60);
