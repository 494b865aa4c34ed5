/**
 * How soon a closed bar can be read: five hundred one-minute series kept up to date by the server while it backfills
 * another one. Told by a reader of the same file in a process of its own, from the close plus the settle delay on.
 */
import { gridOf, nominalMs } from '@kairos/domain';
import { openSqliteStore, type SqliteStore } from '@kairos/store-sqlite';
import { SETTLE_DELAY_MS } from '@kairos/schedule';
import { scratch, startVenue } from './processes.ts';
import { median, quantile, QUICK, report, round } from './result.ts';
import { clockAhead, startServer } from './server-process.ts';

const SERIES = QUICK ? 20 : 500;
const MINUTES = QUICK ? 1 : 4;
const STEP = nominalMs(gridOf('1m'));
/** Given up after this: then the bar counts as so late. */
const PATIENCE_MS = 30_000;
const POLL_MS = 20;
const SYMBOLS = Array.from({ length: SERIES }, (_, i) => `K${String(i).padStart(4, '0')}USDT`);

const sleep = (ms: number): Promise<void> => new Promise((resume) => void setTimeout(resume, ms));
/** In a quick run all clocks are put forward, so that a minute closes soon after everything has been started. */
const AHEAD_MS = QUICK ? STEP - (Date.now() % STEP) - 12_000 : 0;
const now = (): number => Date.now() + AHEAD_MS;

const place = scratch();
const file = place.file('kairos.sqlite');
const venue = await startVenue(
  ['--seed', 'bench', '--symbols', String(SERIES), '--weight-limit', '6000'],
  clockAhead(place.dir, AHEAD_MS),
);
const server = await startServer({ dir: place.dir, store: file, venue: venue.said, clockAheadMs: AHEAD_MS });

const task = {
  action: 'create_task',
  project_id: 'bench',
  dataset: 'bench',
  data_type: 'kline',
  source: 'bench',
  frequency: '1m',
};
const iso = (ms: number): string => new Date(ms).toISOString();
const live = { ...task, task_id: 'live', symbols: SYMBOLS, start_time: iso(now() - 3 * STEP) };
const backfill = {
  ...task,
  task_id: 'backfill',
  symbols: ['BTCUSDT', 'ETHUSDT', 'XRPUSDT', 'LTCUSDT', 'BNBUSDT', 'ADAUSDT'],
  start_time: '2021-01-01T00:00:00Z',
  end_time: '2025-01-01T00:00:00Z',
};
for (const signal of [live, backfill]) {
  const answer = await server.signal(signal);
  if (answer['success'] !== true) throw new Error(JSON.stringify(answer));
}

/** Keys of the live series, once all are there. */
async function liveKeys(store: SqliteStore): Promise<string[]> {
  const keys = new Set<string>();
  while (keys.size < SERIES) {
    await sleep(200);
    let cursor: string | undefined;
    do {
      const page = await store.series.listSeries({ filter: {}, limit: 1_000, cursor });
      for (const { key, marketId } of page.items) if (/^K\d{4}USDT$/.test(marketId)) keys.add(key);
      cursor = page.next;
    } while (cursor !== undefined);
  }
  return [...keys];
}

/** When each of the bars that opened at `open` could first be read, counted from its close plus the settle delay. */
async function latenessOf(store: SqliteStore, keys: readonly string[], open: number): Promise<number[]> {
  const due = open + STEP + SETTLE_DELAY_MS;
  const range = { from: open, to: open + STEP };
  await sleep(Math.max(0, due - now()));
  const late: number[] = [];
  let waiting = keys;
  while (waiting.length > 0 && now() < due + PATIENCE_MS) {
    const left: string[] = [];
    for (const key of waiting) {
      const [run] = await store.series.coverage({ key, range });
      if (run?.state === 'present' || run?.state === 'provisional') late.push(Math.max(0, now() - due));
      else left.push(key);
    }
    waiting = left;
    await sleep(POLL_MS);
  }
  return [...late, ...waiting.map(() => PATIENCE_MS)];
}

const reader = await openSqliteStore({ path: file, readOnly: true });
const keys = await liveKeys(reader);
const late: number[] = [];
// The bar that runs now may close while the first collecting is still under way: the one after it is the first to count.
let open = Math.floor(now() / STEP) * STEP + (QUICK ? 0 : STEP);
for (let n = 0; n < MINUTES; n += 1, open += STEP) {
  const minute = await latenessOf(reader, keys, open);
  late.push(...minute);
  console.log(
    `${new Date(open).toISOString().slice(11, 16)} p50 ${Math.round(median(minute))} ms, last ${Math.round(Math.max(...minute))} ms`,
  );
}
const { progress } = (await server.get('/v1/tasks/backfill')) as {
  readonly progress?: readonly { readonly present?: number }[];
};
await reader.close();
await server.stop();
await venue.stop();
place.remove();
const p99 = quantile(late, 0.99);
report({
  name: `freshness of ${SERIES} live series beside a backfill`,
  figures: {
    bars: late.length,
    p50_ms_after_settle: round(median(late), 0),
    p99_ms_after_settle: round(p99, 0),
    last_ms_after_settle: round(Math.max(...late), 0),
    settle_ms: SETTLE_DELAY_MS,
    backfilled_rows: (progress ?? []).reduce((sum, { present = 0 }) => sum + present, 0),
  },
  target: 'p99 ≤ settle + 2 s',
  met: p99 <= 2_000,
});
