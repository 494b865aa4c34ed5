import type { JsonValue } from '@kairos/domain';
import type { JobCall, JobLogLevel, JobRecords, JobRecordsAnswer, JobSink, TaskRuntime } from '@kairos/ports';

/** A runtime over the folder of the language's fixtures. */
export interface TaskRuntimeBench {
  readonly runtime: TaskRuntime;
  /** The clock that the runtime reads deadlines by. */
  now(): number;
  /** Workers that are alive now: processes or threads, as the machine counts them, not as the runtime does. */
  workers(): Promise<number> | number;
  /** Closes the runtime, which may be closed already. */
  dispose(): Promise<void>;
}

export interface TaskRuntimeContractOptions {
  readonly open: () => Promise<TaskRuntimeBench>;
  /** Megabytes that suffice for every fixture but `memory_hog`, which uses up any number. */
  readonly memoryMb: number;
}

/** A series' worth of records as fixtures get them in `params.records`. */
export const someRecords = (more: Partial<JobRecords> = {}): JobRecords => ({
  series: { source: 'own', symbol: 'ABC', dataType: 'kline', frequency: '1d' },
  range: null,
  complete: false,
  columns: ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'],
  rows: [[1_700_006_400_000, '1', '2', '0.5', '1.5', '100']],
  ...more,
});

/** The records as plain JSON, for a call's params. */
export const asJson = ({ series, range, complete, columns, rows }: JobRecords): JsonValue => ({
  series: { ...series },
  range: range && { ...range },
  complete,
  columns,
  rows,
});

/** A call of the fixture `contract_tasks`, with a minute to go. */
export function aCall(
  bench: TaskRuntimeBench,
  taskType: string,
  params: JobCall['params'] = {},
  more: Partial<JobCall> = {},
): JobCall {
  return {
    runId: 'abcdefghijkl.s1700000000000',
    taskId: 'my-task',
    taskName: 'my_task_name',
    taskType,
    function: 'contract_tasks',
    params,
    state: null,
    kind: 's',
    slot: 1_700_000_000_000,
    attempt: 1,
    deadline: bench.now() + 60_000,
    memoryMb: 256,
    ...more,
  };
}

export interface SaidLine {
  readonly level: JobLogLevel;
  readonly message: string;
  readonly stream: 'log' | 'stdout' | 'stderr';
}

/** Keeps what a job does, in order, and answers as it is told. */
export class RecordingSink implements JobSink {
  readonly lines: SaidLine[] = [];
  readonly frames: JobRecords[] = [];
  readonly states: JsonValue[] = [];
  /** Names of what happened, in order: `log <message>`, `records`, `answered`, `state`. */
  readonly events: string[] = [];
  readonly #answer: (records: JobRecords) => Promise<JobRecordsAnswer>;
  readonly #onState: (state: JsonValue) => Promise<void>;
  readonly #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  constructor(
    p: {
      readonly answer?: (records: JobRecords) => Promise<JobRecordsAnswer>;
      readonly onState?: (state: JsonValue) => Promise<void>;
    } = {},
  ) {
    this.#answer = p.answer ?? ((r) => Promise.resolve({ accepted: r.rows.length, findings: [] }));
    this.#onState = p.onState ?? (() => Promise.resolve());
  }

  /** Resolves once a line of this text has been said. */
  said(text: string): Promise<void> {
    if (this.lines.some((l) => l.message === text)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ text, resolve }));
  }

  /** What was said on one stream. */
  messages(stream: SaidLine['stream'] = 'log'): string[] {
    return this.lines.filter((l) => l.stream === stream).map((l) => l.message);
  }

  log(line: SaidLine): void {
    this.lines.push(line);
    this.events.push(`log ${line.message}`);
    for (const w of this.#waiting) if (w.text === line.message) w.resolve();
  }

  async records(records: JobRecords): Promise<JobRecordsAnswer> {
    this.frames.push(records);
    this.events.push('records');
    const answer = await this.#answer(records);
    this.events.push('answered');
    return answer;
  }

  async saveState(state: JsonValue): Promise<void> {
    this.states.push(state);
    this.events.push('state');
    await this.#onState(state);
  }
}
