import type { JsonValue } from '@kairos/domain';
import type { JobCall, JobLogLevel, JobRecords, JobRecordsAnswer } from '@kairos/ports';
import {
  frameError,
  parseFrame,
  shownValue,
  wireJson,
  wireList,
  wireObject,
  wireRows,
  wireSpan,
  wireText,
  wireTexts,
  wireWhole,
  type WireObject,
} from '@kairos/runtime-common';

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
  const raw = wireObject(parseFrame(body), 'a frame');
  const read = Object.hasOwn(READERS, String(raw['t'])) ? READERS[String(raw['t'])] : undefined;
  if (read === undefined) throw frameError(`the task sent a message of unknown kind ${shownValue(raw['t'])}`);
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

const READERS: { readonly [t: string]: (raw: WireObject) => WorkerMessage } = {
  ready: (raw) => ({ t: 'ready', types: wireTexts(raw['types'], 'types'), files: files(raw['files']) }),
  broken: (raw) => ({
    t: 'broken',
    code: wireText(raw['code'], 'code'),
    message: wireText(raw['message'], 'message'),
    traceback: wireText(raw['traceback'], 'traceback'),
  }),
  log: (raw) => ({
    t: 'log',
    level: LEVELS.find((level) => level === raw['level']) ?? 'info',
    message: wireText(raw['message'], 'message'),
  }),
  records: (raw) => ({ t: 'records', seq: wireWhole(raw['seq'], 'seq'), records: records(raw) }),
  state: (raw) => ({ t: 'state', seq: wireWhole(raw['seq'], 'seq'), state: wireJson(raw['state'], 'state') }),
  heartbeat: (raw) => ({ t: 'heartbeat', rssKb: wireWhole(raw['rss_kb'], 'rss_kb') }),
  result: (raw) => ({
    t: 'end',
    end: { t: 'result', result: wireJson(raw['result'], 'result') },
    ...after(raw),
  }),
  error: (raw) => ({
    t: 'end',
    end: {
      t: 'error',
      code: CODES.find((code) => code === raw['code']) ?? 'JOB_FAILED',
      message: wireText(raw['message'], 'message'),
      permanent: raw['permanent'] === true,
      traceback: raw['traceback'] === undefined ? undefined : wireText(raw['traceback'], 'traceback'),
      sinkSeq: raw['sink_seq'] === undefined ? undefined : wireWhole(raw['sink_seq'], 'sink_seq'),
    },
    ...after(raw),
  }),
};

function records(raw: WireObject): JobRecords {
  const series = wireObject(raw['series'], 'series');
  const columns = wireTexts(raw['columns'], 'columns');
  return {
    series: {
      source: wireText(series['source'], 'series.source'),
      symbol: wireText(series['symbol'], 'series.symbol'),
      dataType: wireText(series['data_type'], 'series.data_type'),
      frequency: wireText(series['frequency'], 'series.frequency'),
    },
    range: raw['range'] === null || raw['range'] === undefined ? null : rangeOf(raw['range']),
    complete: raw['complete'] === true,
    columns,
    rows: wireRows(raw['rows'], columns.length),
  };
}

function rangeOf(value: unknown): { readonly from: number; readonly to: number } {
  const [from, to] = wireList(value, 'range');
  return wireSpan(from, to);
}

const after = (raw: WireObject): Omit<EndMessage, 'end'> => ({
  keep: raw['keep'] === true,
  files: raw['files'] === undefined ? [] : files(raw['files']),
});

const files = (value: unknown): readonly LoadedFile[] =>
  wireList(value, 'files').map((file, i) => {
    const [path, timeNs, size] = wireList(file, `files[${i}]`);
    return [wireText(path, 'path'), wireText(timeNs, 'time'), wireWhole(size, 'size')];
  });
