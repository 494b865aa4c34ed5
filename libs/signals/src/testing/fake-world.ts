import {
  ConflictError,
  NotFoundError,
  taskStart,
  type Finding,
  type Series,
  type Task,
  type TaskContent,
} from '@kairos/domain';
import type {
  CoverageReport,
  Logger,
  QueryPage,
  SeriesQueries,
  SeriesRef,
  SourceDescription,
  TaskCommands,
  TaskFilter,
  TaskQueries,
  TaskSummaryPage,
} from '@kairos/ports';
import type { SignalHandlerDeps } from '../action.ts';

/** 2025-06-01T00:00:00Z */
export const NOW = Date.UTC(2025, 5, 1);
const HOUR = 3_600_000;

const DESCRIPTIONS: readonly SourceDescription[] = [
  {
    id: 'binance',
    realm: 'live',
    dataTypes: { kline: ['1m', '5m', '15m', '1h', '1d', '1w', '1M'], ticker: [] },
  },
  { id: 'okx', realm: 'live', dataTypes: { kline: ['1m', '5m', '1h'] } },
];

const FINDING: Finding = {
  code: 'off_grid',
  ts: NOW - 2 * HOUR,
  at: NOW - HOUR,
  runId: `abcdefghijkl.s${NOW - HOUR}`,
  detail: 'opens 250 ms after its slot',
};

/** Services of a small deployment in memory, with a record of every call. */
export class FakeWorld implements TaskCommands, TaskQueries {
  readonly calls: { readonly method: string; readonly args: unknown }[] = [];
  readonly logged: { readonly event: string; readonly fields: unknown }[] = [];
  readonly held = new Map<string, Task>();
  /** Thrown by the next call of a service. */
  failure: unknown;
  /** Runs before the next write, as another worker would. */
  beforeUpdate: (() => void) | undefined;

  #note(method: string, args: unknown): void {
    this.calls.push({ method, args });
    if (this.failure === undefined) return;
    const { failure } = this;
    this.failure = undefined;
    throw failure;
  }

  #get(taskId: string): Task {
    const task = this.held.get(taskId);
    if (!task) throw new NotFoundError('task', taskId, 'TASK_NOT_FOUND');
    return task;
  }

  #put(task: Task): Task {
    this.held.set(task.taskId, task);
    return task;
  }

  async create(p: { readonly taskId?: string | undefined; readonly content: TaskContent }) {
    this.#note('create', p);
    const taskId = p.taskId ?? 'task_of_content';
    const old = this.held.get(taskId);
    if (old) {
      const same = Object.entries(p.content).every(
        ([k, v]) => JSON.stringify(v) === JSON.stringify(old[k as keyof Task]),
      );
      if (!same) throw new ConflictError('TASK_EXISTS', `task ${taskId} exists`, { task_id: taskId });
      return { task: old, created: false };
    }
    return { task: this.#put(newTask(taskId, p.content)), created: true };
  }

  async update(p: Parameters<TaskCommands['update']>[0]): Promise<Task> {
    this.#note('update', p);
    this.beforeUpdate?.();
    this.beforeUpdate = undefined;
    const task = this.#get(p.taskId);
    if (p.expectedRev !== undefined && p.expectedRev !== task.rev) {
      throw new ConflictError('REV_CONFLICT', 'changed', { rev: task.rev, expected: p.expectedRev });
    }
    return this.#put({
      ...task,
      ...p.patch,
      config: { ...task.config, ...p.patch.config },
      rev: task.rev + 1,
    });
  }

  async remove(p: { readonly taskId: string }): Promise<void> {
    this.#note('remove', p);
    this.held.delete(this.#get(p.taskId).taskId);
  }

  async start(p: { readonly taskId: string }): Promise<Task> {
    this.#note('start', p);
    return this.#put({ ...this.#get(p.taskId), status: 'running' });
  }

  async stop(p: { readonly taskId: string }): Promise<Task> {
    this.#note('stop', p);
    return this.#put({ ...this.#get(p.taskId), status: 'stopped' });
  }

  async run(p: Parameters<TaskCommands['run']>[0]) {
    this.#note('run', p);
    const task = this.#get(p.taskId);
    if (task.taskId === 'busy')
      throw new ConflictError('CONFLICT_RUN_ACTIVE', 'busy', { runId: 'abcdefghijkl.s1748736000000' });
    return { runId: `${task.uid}.m${NOW}`, task };
  }

  async refetch(p: Parameters<TaskCommands['refetch']>[0]) {
    this.#note('refetch', p);
    const task = [...this.held.values()].find((t) => t.symbols.includes(p.series.symbol));
    if (!task)
      throw new NotFoundError(
        'a task that collects',
        `${p.series.source} ${p.series.symbol}`,
        'TASK_NOT_FOUND',
      );
    return { runId: `${task.uid}.r${NOW}`, task };
  }

  async view(p: { readonly taskId: string }) {
    this.#note('view', p);
    const task = this.#get(p.taskId);
    const counts = {
      expected: 24,
      present: 20,
      empty: 1,
      unavailable: 0,
      provisional: 0,
      failed: 2,
      missing: 1,
    };
    const progress = task.symbols.map((symbol) => ({
      symbol,
      instrument: `binance:${symbol}`,
      state: 'active' as const,
      note: null,
      ...counts,
      watermark: NOW - 4 * HOUR,
      gaps: 2,
      findings: 3,
      error: { code: 'SOURCE_UNAVAILABLE', message: 'no answer', at: NOW - HOUR },
    }));
    return { task, start: taskStart(task), nextRunAt: NOW + HOUR, activeRunId: null, progress };
  }

  async list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }) {
    this.#note('list', p);
    return this.#page(p.filter, p.limit);
  }

  async search(p: { readonly query: string; readonly filter: TaskFilter; readonly limit: number }) {
    this.#note('search', p);
    return this.#page(p.filter, p.limit);
  }

  #page(filter: TaskFilter, limit: number): TaskSummaryPage {
    const matches = [...this.held.values()].filter((task) =>
      Object.entries(filter).every(
        ([key, value]) => value === undefined || task[key as keyof Task] === value,
      ),
    );
    const items = matches
      .slice(0, limit)
      .map((task) => ({ task, start: taskStart(task), nextRunAt: NOW + HOUR }));
    return { items, total: matches.length, ...(matches.length > limit ? { next: 'more' } : {}) };
  }

  async runs(p: { readonly taskId: string; readonly limit: number }) {
    this.#note('runs', p);
    const { uid } = this.#get(p.taskId);
    const skipped = { from: NOW - 3 * HOUR, to: NOW - 2 * HOUR, n: 2, reason: 'coalesced' as const };
    const stats = { rows: 40, requests: 2, weight: 4, commits: 1 };
    const record = {
      runId: `${uid}.s${NOW}`,
      uid,
      kind: 's' as const,
      slot: NOW,
      fence: 1,
      attempt: 0,
      hop: 0,
    };
    const times = { startedAt: NOW, endedAt: NOW + 1_500, worker: 'w' };
    return { items: [{ ...record, ...times, outcome: 'partial' as const, skipped, error: null, stats }] };
  }

  readonly series: SeriesQueries = {
    find: async (ref) => this.#series(ref),
    list: async () => ({ items: [] }),
    coverage: async (p) => {
      this.#note('coverage', p);
      const report = coverageOf(this.#series(p.series));
      return p.derive ? { ...report, derivedFrom: '5m', incomplete: 3 } : report;
    },
    findings: async (p) => {
      this.#note('findings', p);
      const counts = { off_grid: 2, clock_skew: 1 };
      return { series: this.#series(p.series), items: [FINDING], counts, total: 2, next: 'f1' };
    },
    query: async (p) => {
      this.#note('query', p);
      const page = this.#rows(this.#series(p.series));
      return p.derive ? { ...page, derivedFrom: '5m', incomplete: 3 } : page;
    },
    export: async () => {
      throw new Error('not asked for by signals');
    },
  };

  #rows(series: Series): QueryPage {
    const columns = ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume', 'quote_volume', 'trades'];
    const row = [
      NOW - 2 * HOUR,
      '104598.37',
      '104700',
      '104401.5',
      '104650.01',
      '812.44',
      '84978123.5',
      104_233,
    ];
    return {
      series,
      columns,
      rows: [row, [NOW - HOUR, '104650.01', '104650.01', '104000', '104321.9', '633.1', null, null]],
      provisional: 0,
      next: 'c1',
    };
  }

  #series(ref: SeriesRef): Series {
    if (ref.symbol !== 'BTCUSDT')
      throw new NotFoundError('series', `${ref.source} ${ref.symbol}`, 'SERIES_NOT_FOUND');
    const spec = {
      realm: 'live',
      source: ref.source,
      instrument: 'binance:BTC/USDT',
      dataType: ref.dataType,
      timeframe: ref.frequency,
    };
    return {
      ...spec,
      price: 'last',
      anchorMs: 0,
      key: 'k',
      marketId: 'BTCUSDT',
      aliases: [],
      volumeUnit: 'base',
      createdAt: NOW,
    };
  }

  readonly log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (event, fields) => void this.logged.push({ event, fields }),
    error: (event, fields) => void this.logged.push({ event, fields }),
    child: () => this.log,
  };

  deps(overrides: Partial<SignalHandlerDeps> = {}): SignalHandlerDeps {
    const sources = {
      ids: () => DESCRIPTIONS.map((d) => d.id),
      describe: (id: string) => DESCRIPTIONS.find((d) => d.id === id),
    };
    const clock = { now: () => NOW };
    return {
      tasks: this,
      queries: this,
      series: this.series,
      sources,
      clock,
      locale: 'en',
      log: this.log,
      ...overrides,
    };
  }
}

function newTask(taskId: string, content: TaskContent): Task {
  const standing = {
    status: (content.startTime ?? 0) > NOW ? ('pending' as const) : ('running' as const),
    series: [],
    error: null,
  };
  const times = { createdAt: NOW, updatedAt: NOW, epochAt: NOW };
  const identity = { uid: 'abcdefghijkl', taskId, rev: 1, v: 1, origin: 'signal' as const };
  return {
    ...content,
    ...identity,
    ...standing,
    ...times,
    health: { state: 'ok', reasons: [] },
    lastRun: null,
    withUnavailable: false,
    declared: null,
    jobState: null,
  };
}

function coverageOf(series: Series): CoverageReport {
  const from = NOW - 24 * HOUR;
  const ranges = [
    { from, to: NOW - 2 * HOUR, state: 'present' as const },
    { from: NOW - 2 * HOUR, to: NOW - HOUR, state: 'empty' as const, reason: 'outage', evidence: 'ev1' },
    {
      from: NOW - HOUR,
      to: NOW,
      state: 'failed' as const,
      error: 'SOURCE_UNAVAILABLE',
      attempts: 2,
      nextTryAt: NOW + HOUR,
    },
  ];
  const read = {
    at: NOW,
    from: NOW - 4 * HOUR,
    to: NOW,
    http: 200,
    rows: 3,
    first: NOW - 4 * HOUR,
    last: NOW - HOUR,
    sha256: 'e3b0c442',
  };
  const evidence = [
    { id: 'ev1', reason: 'outage', grade: 1, at: NOW, runId: 'abcdefghijkl.s1748736000000', reads: [read] },
  ];
  const counts = { present: 22, empty: 1, unavailable: 0, provisional: 0, failed: 1, missing: 0 };
  return { series, ranges, expected: 24, counts, evidence, findings: { off_grid: 2, clock_skew: 1 } };
}
