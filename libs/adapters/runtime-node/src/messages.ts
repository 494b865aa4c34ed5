import type { JsonValue } from '@kairos/domain';
import type { JobCall, JobLogLevel, JobRecords } from '@kairos/ports';
import {
  frameError,
  parseFrame,
  shownValue,
  wireJson,
  wireObject,
  wireRows,
  wireSpan,
  wireText,
  wireTexts,
  wireWhole,
  type WireObject,
} from '@kairos/runtime-common';

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

const LEVELS: readonly JobLogLevel[] = ['debug', 'info', 'warn', 'error'];

/** @throws KairosError `JOB_FRAME` when the bytes are no message of ours */
export function readMessage(body: Buffer): WorkerMessage {
  const raw = wireObject(parseFrame(body), 'a message');
  switch (raw['t']) {
    case 'log': {
      const level = LEVELS.find((l) => l === raw['level']) ?? 'info';
      return { t: 'log', level, message: wireText(raw['message'], 'message') };
    }
    case 'records':
      return {
        t: 'records',
        seq: wireWhole(raw['seq'], 'seq'),
        records: recordsOf(wireObject(raw['records'], 'records')),
      };
    case 'state':
      return { t: 'state', seq: wireWhole(raw['seq'], 'seq'), state: wireJson(raw['state'], 'state') };
    case 'end':
      return { t: 'end', end: endOf(raw) };
    default:
      throw frameError(`the job sent a message of unknown kind ${shownValue(raw['t'])}`);
  }
}

function endOf(raw: WireObject): WorkerEnd {
  if (raw['ok'] === true) return { ok: true, result: wireJson(raw['result'], 'result') };
  return {
    ok: false,
    code: wireText(raw['code'], 'code'),
    message: wireText(raw['message'], 'message'),
    permanent: raw['permanent'] === true,
    traceback: typeof raw['traceback'] === 'string' ? raw['traceback'] : undefined,
    refused: typeof raw['refused'] === 'number' ? raw['refused'] : undefined,
  };
}

function recordsOf(raw: WireObject): JobRecords {
  const series = wireObject(raw['series'], 'series');
  const columns = wireTexts(raw['columns'], 'columns');
  const range = raw['range'] === null ? null : wireObject(raw['range'], 'range');
  return {
    series: {
      source: wireText(series['source'], 'series.source'),
      symbol: wireText(series['symbol'], 'series.symbol'),
      dataType: wireText(series['dataType'], 'series.dataType'),
      frequency: wireText(series['frequency'], 'series.frequency'),
    },
    range: range && wireSpan(range['from'], range['to']),
    complete: raw['complete'] === true,
    columns,
    rows: wireRows(raw['rows'], columns.length),
  };
}
