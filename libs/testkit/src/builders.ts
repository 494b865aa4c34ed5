import {
  batchOfRows,
  dataTypeOf,
  DEFAULT_TASK_CONFIG,
  layoutOf,
  NO_STATS,
  runIdOf,
  seriesKey,
  sortBatch,
  type ActiveRun,
  type CoverageRun,
  type DataType,
  type DueItem,
  type Evidence,
  type Finding,
  type Part,
  type Row,
  type RunRecord,
  type Series,
  type Task,
} from '@kairos/domain';

/** 2024-01-01 UTC: where builders' times begin. A block bound of no timeframe in particular. */
export const T0 = Date.UTC(2024, 0, 1);

const MINUTE = 60_000;

/** A running task by signal; every field may be overridden. */
export const aTask = (overrides: Partial<Task> = {}): Task => ({
  uid: 'aaaaaaaaaaaa',
  taskId: 'task-1',
  rev: 1,
  v: 1,
  origin: 'signal',
  handler: 'collect',
  status: 'running',
  health: { state: 'ok', reasons: [] },
  projectId: 'project-1',
  dataset: 'majors',
  dataType: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT'],
  frequency: '1m',
  startTime: T0,
  endTime: null,
  schedule: null,
  timezone: 'UTC',
  config: DEFAULT_TASK_CONFIG,
  job: null,
  series: [],
  error: null,
  lastRun: null,
  createdAt: T0,
  updatedAt: T0,
  epochAt: T0,
  withUnavailable: false,
  declared: null,
  jobState: null,
  ...overrides,
});

/** A due item without an active run, due at `T0`. */
export const aDue = (overrides: Partial<DueItem> = {}): DueItem => ({
  uid: 'aaaaaaaaaaaa',
  cursor: T0 - MINUTE,
  nextDue: T0,
  fence: 0,
  v: 1,
  active: null,
  ...overrides,
});

/** The run of slot `T0`, held by `worker-1` for half a minute. */
export const anActiveRun = (overrides: Partial<ActiveRun> = {}): ActiveRun => ({
  kind: 's',
  slot: T0,
  attempt: 1,
  failures: 0,
  hop: 0,
  idle: 0,
  owner: 'worker-1',
  until: T0 + 30_000,
  notBefore: 0,
  startedAt: T0,
  skipped: null,
  refetch: null,
  ...overrides,
});

/** A line of history: a run of slot `T0` that succeeded. The run id follows from uid, kind and slot. */
export const aRunRecord = (overrides: Partial<RunRecord> = {}): RunRecord => {
  const { uid = 'aaaaaaaaaaaa', kind = 's', slot = T0 } = overrides;
  return {
    runId: runIdOf(uid, kind, slot),
    uid,
    kind,
    slot,
    fence: 1,
    attempt: 1,
    hop: 0,
    outcome: 'succeeded',
    startedAt: slot,
    endedAt: slot + 1_000,
    worker: 'worker-1',
    skipped: null,
    error: null,
    stats: NO_STATS,
    ...overrides,
  };
};

/** Binance's BTC/USDT one-minute candles unless told otherwise; the key follows from the fields. */
export const aSeries = (overrides: Partial<Omit<Series, 'key'>> = {}): Series => {
  const spec = {
    realm: 'sandbox:1',
    source: 'binance',
    instrument: 'binance:BTC/USDT',
    dataType: 'kline',
    timeframe: '1m',
    price: 'last' as const,
    anchorMs: 0,
    marketId: 'BTCUSDT',
    aliases: ['BTCUSDT'],
    volumeUnit: 'base' as const,
    createdAt: T0,
    ...overrides,
  };
  return { ...spec, key: seriesKey(spec) };
};

export const anEvidence = (overrides: Partial<Evidence> = {}): Evidence => ({
  id: 'evidence-1',
  reason: 'no_trade',
  grade: 1,
  at: T0,
  runId: runIdOf('aaaaaaaaaaaa', 's', T0),
  reads: [{ at: T0, from: T0, to: T0 + MINUTE, http: 200, rows: 0, first: null, last: null, sha256: '' }],
  ...overrides,
});

export const aFinding = (overrides: Partial<Finding> = {}): Finding => ({
  code: 'off_grid',
  ts: T0,
  at: T0,
  runId: runIdOf('aaaaaaaaaaaa', 's', T0),
  detail: 'a record between two slots',
  ...overrides,
});

function typeOfSeries(series: Series): DataType {
  const type = dataTypeOf(series.dataType);
  if (!type) throw new RangeError(`unknown data type ${series.dataType}`);
  return type;
}

/** Where the record at `ts` ends: the next slot for grid types, the next millisecond for events. */
function endOfRecord(series: Series, ts: number): number {
  const { grid } = layoutOf(series);
  return grid ? grid.openOf(grid.indexOf(ts) + 1) : ts + 1;
}

/** Rows of a series as a part; without `runs`, all of them present, in one run from the first to the last. */
export function aPart(series: Series, rows: readonly Row[], runs?: readonly CoverageRun[]): Part {
  const batch = sortBatch(batchOfRows(typeOfSeries(series), rows));
  const first = batch.ts[0];
  const last = batch.ts[batch.n - 1];
  if (runs) return { batch, runs };
  if (first === undefined || last === undefined) return { batch, runs: [] };
  return { batch, runs: [{ from: first, to: endOfRecord(series, last), state: 'present' }] };
}

/** A part that says nothing: for commits that carry only evidence, findings or revisions. */
export const emptyPartOf = (series: Series): Part => aPart(series, []);

/** What is known of a stretch without rows. */
export const aRunPart = (series: Series, ...runs: readonly CoverageRun[]): Part => aPart(series, [], runs);

/** A candle whose values follow from its time and `seed`: another seed gives other values. */
export function klineRow(ts: number, seed = 0): Row {
  const base = 40_000 + ((ts / MINUTE) % 977) + seed * 1_000;
  const text = (x: number): string => x.toFixed(2).replace(/\.?0+$/, '');
  return {
    ts,
    values: [
      text(base),
      text(base + 3.5),
      text(base - 2.25),
      text(base + 1.01),
      text(1.5 + (base % 7)),
      null,
      42,
    ],
  };
}

/** `n` candles, every `step` ms from `from` on, present, of the default series' kind. */
export function klineRows(n: number, from: number = T0, step: number = MINUTE, seed = 0): Part {
  const rows = Array.from({ length: n }, (_, i) => klineRow(from + i * step, seed));
  const batch = sortBatch(batchOfRows(typeOfSeries(aSeries()), rows));
  return { batch, runs: n === 0 ? [] : [{ from, to: from + n * step, state: 'present' }] };
}
