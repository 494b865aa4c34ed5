import { isUtf8 } from 'node:buffer';
import type { JsonValue } from '@kairos/domain';
import type { JobCall, JobLogLevel, JobRecords, JobRecordsAnswer } from '@kairos/ports';
import { frameError } from './frames.ts';

/** A file that a worker imported: when it changes, the worker is out of date. Time in nanoseconds, as text. */
export type LoadedFile = readonly [path: string, timeNs: string, size: number];

export interface ErrorMessage {
  readonly t: 'error';
  readonly code: string;
  readonly message: string;
  readonly permanent: boolean;
  readonly traceback: string | undefined;
  /** Number of the handed-over thing whose refusal the task let out. */
  readonly sinkSeq: number | undefined;
}

export interface EndMessage {
  readonly end: ErrorMessage | { readonly t: 'result'; readonly result: JsonValue };
  /** Whether the worker may serve another run. */
  readonly keep: boolean;
  readonly files: readonly LoadedFile[];
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly t: 'ready'; readonly types: readonly string[]; readonly files: readonly LoadedFile[] }
  | { readonly t: 'broken'; readonly code: string; readonly message: string; readonly traceback: string }
  | { readonly t: 'log'; readonly level: JobLogLevel; readonly message: string }
  | { readonly t: 'records'; readonly seq: number; readonly records: JobRecords }
  | { readonly t: 'state'; readonly seq: number; readonly state: JsonValue }
  | { readonly t: 'heartbeat'; readonly rssKb: number }
  | ({ readonly t: 'end' } & EndMessage);

type Raw = { readonly [key: string]: unknown };

/** How a worker may say that a run ended, besides with the refusal of what it handed over. */
const CODES = [
  'JOB_FAILED',
  'JOB_PARAMS',
  'JOB_TYPE_UNKNOWN',
  'JOB_MEMORY',
  'JOB_FRAME',
  'JOB_CRASHED',
  'JOB_TIMEOUT',
  'JOB_CANCELLED',
] as const;

const LEVELS: readonly JobLogLevel[] = ['debug', 'info', 'warn', 'error'];

/** @throws KairosError JOB_FRAME when the bytes are no message of the protocol; the text says what is wrong. */
export function readMessage(body: Buffer): WorkerMessage {
  const raw = parse(body);
  const read = Object.hasOwn(READERS, String(raw['t'])) ? READERS[String(raw['t'])] : undefined;
  if (read === undefined) throw frameError(`the task sent a message of unknown kind ${shown(raw['t'])}`);
  return read(raw);
}

/** A call as it goes over the wire, to a worker as to a function in a cloud. */
export const wireCall = (call: JobCall) => ({
  run_id: call.runId,
  task_id: call.taskId,
  task_name: call.taskName,
  task_type: call.taskType,
  function: call.function,
  params: call.params,
  state: call.state,
  kind: call.kind,
  slot: call.slot,
  attempt: call.attempt,
  deadline: call.deadline,
  memory_mb: call.memoryMb,
});

/** Findings that an answer carries at most: more would not help, and must fit a frame. */
const MAX_FINDINGS = 500;

export const acknowledgement = (seq: number, answer: JobRecordsAnswer) => ({
  t: 'ack',
  of: 'records',
  seq,
  accepted: answer.accepted,
  findings: answer.findings.slice(0, MAX_FINDINGS).map((f) => ({ ...f, detail: f.detail.slice(0, 500) })),
});

const READERS: { readonly [t: string]: (raw: Raw) => WorkerMessage } = {
  ready: (raw) => ({ t: 'ready', types: texts(raw['types'], 'types'), files: files(raw['files']) }),
  broken: (raw) => ({
    t: 'broken',
    code: text(raw['code'], 'code'),
    message: text(raw['message'], 'message'),
    traceback: text(raw['traceback'], 'traceback'),
  }),
  log: (raw) => ({
    t: 'log',
    level: LEVELS.find((level) => level === raw['level']) ?? 'info',
    message: text(raw['message'], 'message'),
  }),
  records: (raw) => ({ t: 'records', seq: whole(raw['seq'], 'seq'), records: records(raw) }),
  state: (raw) => ({ t: 'state', seq: whole(raw['seq'], 'seq'), state: json(raw['state']) }),
  heartbeat: (raw) => ({ t: 'heartbeat', rssKb: whole(raw['rss_kb'], 'rss_kb') }),
  result: (raw) => ({ t: 'end', end: { t: 'result', result: json(raw['result']) }, ...after(raw) }),
  error: (raw) => ({
    t: 'end',
    end: {
      t: 'error',
      code: CODES.find((code) => code === raw['code']) ?? 'JOB_FAILED',
      message: text(raw['message'], 'message'),
      permanent: raw['permanent'] === true,
      traceback: raw['traceback'] === undefined ? undefined : text(raw['traceback'], 'traceback'),
      sinkSeq: raw['sink_seq'] === undefined ? undefined : whole(raw['sink_seq'], 'sink_seq'),
    },
    ...after(raw),
  }),
};

function parse(body: Buffer): Raw {
  if (!isUtf8(body)) throw frameError('the task sent a frame that is no UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw frameError(`the task sent a frame that is no JSON: ${String(error).slice(0, 200)}`);
  }
  return object(value, 'a frame');
}

function records(raw: Raw): JobRecords {
  const series = object(raw['series'], 'series');
  const columns = texts(raw['columns'], 'columns');
  return {
    series: {
      source: text(series['source'], 'series.source'),
      symbol: text(series['symbol'], 'series.symbol'),
      dataType: text(series['data_type'], 'series.data_type'),
      frequency: text(series['frequency'], 'series.frequency'),
    },
    range: raw['range'] === null || raw['range'] === undefined ? null : range(raw['range']),
    complete: raw['complete'] === true,
    columns,
    rows: list(raw['rows'], 'rows').map((row, i) => cells(row, i, columns.length)),
  };
}

function range(value: unknown): { readonly from: number; readonly to: number } {
  const [from, to] = list(value, 'range');
  const span = { from: whole(from, 'range[0]'), to: whole(to, 'range[1]') };
  if (span.from >= span.to)
    throw frameError(`range ends (${span.to}) before or where it begins (${span.from})`);
  return span;
}

function cells(row: unknown, i: number, width: number): readonly (string | number | null)[] {
  const values = list(row, `rows[${i}]`);
  if (values.length !== width) throw frameError(`rows[${i}] has ${values.length} cells for ${width} columns`);
  for (const [j, value] of values.entries())
    if (!isCell(value))
      throw frameError(`rows[${i}][${j}] is ${shown(value)}: cells are text, numbers or null`);
  return values.filter(isCell);
}

const isCell = (value: unknown): value is string | number | null =>
  value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));

const after = (raw: Raw): Omit<EndMessage, 'end'> => ({
  keep: raw['keep'] === true,
  files: raw['files'] === undefined ? [] : files(raw['files']),
});

const files = (value: unknown): readonly LoadedFile[] =>
  list(value, 'files').map((file, i) => {
    const [path, timeNs, size] = list(file, `files[${i}]`);
    return [text(path, 'path'), text(timeNs, 'time'), whole(size, 'size')];
  });

function object(value: unknown, name: string): Raw {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw frameError(`${name} is ${shown(value)}, expected an object`);
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw frameError(`${name} is ${shown(value)}, expected a list`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw frameError(`${name} is ${shown(value)}, expected text`);
  return value;
}

const texts = (value: unknown, name: string): readonly string[] =>
  list(value, name).map((one, i) => text(one, `${name}[${i}]`));

function whole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw frameError(`${name} is ${shown(value)}, expected a whole number`);
  return value;
}

/** What JSON.parse gave is JSON by construction; only its absence is wrong. */
function json(value: unknown): JsonValue {
  if (!isJson(value)) throw frameError('a value is missing');
  return value;
}

const isJson = (value: unknown): value is JsonValue => value !== undefined;

const shown = (value: unknown): string =>
  value === undefined ? 'missing' : JSON.stringify(value)?.slice(0, 60);
