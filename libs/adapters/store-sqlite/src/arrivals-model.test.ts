import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  coalesceRuns,
  layoutOf,
  rowsOf,
  StoreError,
  type CoverageRun,
  type Row,
  type Series,
  type Value,
} from '@kairos/domain';
import type { CommitRequest, CommitResult, SeriesStore } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aFinding, aPart, aSeries, T0 } from '@kairos/testkit';
import { SqliteClient } from './client.ts';
import { Connection } from './connection.ts';
import { HotStage } from './hot-stage.ts';
import { openSqliteStore, storesOver, type SqliteStore } from './open-sqlite-store.ts';
import { WriteLane } from './write-lane.ts';

const STEPS = Number(process.env['KAIROS_TEST_ARRIVALS_STEPS'] ?? 200);
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 5);
/** All series are compared after so many steps, and two of them after each. */
const LOOK_EVERY = 15;
/** Small, so that few rows make pages, rounds and rounds that were cut short. */
const LIMITS = { pageBytes: 1_000, roundRows: 60 };

const DAY = 86_400_000;
const EVER = { from: 0, to: T0 + 10_000 * DAY };

/** Whole numbers below `n`, each run of a seed alike. */
type Dice = (n: number) => number;

function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % n;
  };
}

const pick = <T>(dice: Dice, of: readonly [T, ...T[]]): T => of[dice(of.length)] ?? of[0];

/** Columns of several counts, slots of several lengths, three shards and more; some never fit a page. */
const MANY: readonly [Series, ...Series[]] = [
  aSeries(),
  ...Array.from({ length: 22 }, (_, i) => {
    const kinds = [
      ['kline', '1m'],
      ['kline', '1m'],
      ['ticker', '1m'],
      ['kline', '1h'],
      ['kline', '4h'],
      ['fund_nav', '4h'],
      ['trade', '1m'],
    ] as const;
    const [dataType, timeframe] = kinds[i % kinds.length] ?? kinds[0];
    return aSeries({ instrument: `binance:A${i}/USDT`, dataType, timeframe });
  }),
];

/** Mostly what fits a page: numbers on both sides of 31 bits, with two decimals. */
const decimalOf = (dice: Dice): string =>
  dice(80) === 0
    ? pick(dice, ['0.00000001', '9007199254740993'])
    : pick(dice, ['0', '7', '-0.5', '40001.25', '21474836.47', '-21474836.48']);

function valueOf(dice: Dice, kind: string, nullable: boolean): Value {
  if (nullable && dice(4) === 0) return null;
  if (kind === 'text') return pick(dice, ['open', 'shut']);
  return kind === 'int' ? pick(dice, [0, 42, -2_147_483_649, 2 ** 52 + 1]) : decimalOf(dice);
}

type Facts = Omit<CoverageRun, 'from' | 'to'>;

/** What one step commits or asks for, and where each series' own time stands. */
class Player {
  readonly #dice: Dice;
  readonly #next = new Map<string, number>();

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Where the slots begin that nothing was brought of yet. */
  frontOf(series: Series): number {
    return this.#openOf(series, this.#next.get(series.key) ?? 0);
  }

  /** Final rows beyond all others; at times some slots later, at times a little too early. */
  tail(series: Series): CommitRequest {
    const front = this.#next.get(series.key) ?? 0;
    const skipped = series.timeframe === '1m' ? this.#dice(300) : this.#dice(3);
    const first = Math.max(0, front + pick(this.#dice, [0, 0, 0, 0, 0, 0, -1, -2, skipped]));
    const count = pick(this.#dice, [1, 1, 1, 2, 3, 5, 8, 32, 33]);
    this.#next.set(series.key, Math.max(front, first + count));
    return this.#rows(series, first, count, { state: 'present' });
  }

  /** Anything else that a store may be given. */
  other(series: Series, stored: readonly Row[]): CommitRequest {
    const dice = this.#dice;
    const front = this.#next.get(series.key) ?? 0;
    const old = Math.max(0, front - dice(60));
    const somewhere = dice(Math.max(1, front));
    switch (dice(9)) {
      case 0:
        this.#next.set(series.key, Math.max(front, old + 2));
        return this.#rows(series, old, 1 + dice(2), { state: 'provisional', at: T0 + dice(100) });
      case 1:
        return this.#rows(series, somewhere, 1 + dice(5), { state: 'present' });
      case 2:
        return this.#rows(series, somewhere, 40 + dice(80), { state: 'present' });
      case 3:
        return { ...this.tail(series), findings: [aFinding({ ts: T0 + dice(1_000) })] };
      case 4:
        return { ...this.tail(series), fence: { uid: 'nobody', fence: 1 } };
      case 5:
      case 6:
        return this.#revision(series, stored);
      default:
        return this.#rows(series, old, 0, this.#absence());
    }
  }

  #absence(): Facts {
    return pick<Facts>(this.#dice, [
      { state: 'empty', evidence: 'e', grade: 1 },
      { state: 'unavailable', reason: 'before_listing' },
      { state: 'provisional', reason: 'unconfirmed', attempts: 1 },
      { state: 'failed', error: 'SOURCE_TIMEOUT', at: T0, attempts: 1 },
    ]);
  }

  #revision(series: Series, stored: readonly Row[]): CommitRequest {
    const from = stored[this.#dice(Math.max(1, stored.length))];
    const part = aPart(series, []);
    if (!from) return { series, part };
    const to = this.#row(series, from.ts);
    const known = this.#dice(4) === 0 ? this.#row(series, from.ts) : from;
    const tie = from.tie === undefined ? {} : { tie: from.tie };
    return {
      series,
      part,
      revisions: [{ from: { ...known, ...tie }, to: { ...to, ...tie }, reason: 'seen anew', at: T0 }],
    };
  }

  #rows(series: Series, first: number, count: number, facts: Facts): CommitRequest {
    const slots = Array.from({ length: count }, (_, i) => this.#openOf(series, first + i));
    const to = this.#openOf(series, first + Math.max(count, 1 + this.#dice(3)));
    const run = { ...facts, from: this.#openOf(series, first), to };
    const rows = slots.map((ts) => this.#row(series, ts));
    return { series, part: count === 0 ? aPart(series, [], [run]) : this.#part(series, rows, run) };
  }

  /** Mostly a run that ends with the rows, at times one that says that more slots are done. */
  #part(series: Series, rows: readonly Row[], run: CoverageRun): CommitRequest['part'] {
    const { grid } = layoutOf(series);
    const last = rows.at(-1)?.ts ?? run.from;
    const end = grid ? grid.openOf(grid.indexOf(last) + 1) : last + 60_000;
    return aPart(series, rows, [{ ...run, to: end }]);
  }

  #row(series: Series, ts: number): Row {
    const { type } = layoutOf(series);
    const values = type.columns.map(({ kind, nullable }) => valueOf(this.#dice, kind, nullable));
    return { ts, ...(type.tied && { tie: 'a' }), values };
  }

  #openOf(series: Series, slot: number): number {
    const { grid } = layoutOf(series);
    return grid ? grid.openOf(grid.indexOf(T0) + slot) : T0 + slot * 60_000;
  }
}

/** What a store tells of a series, however it cuts it. */
async function toldOf(store: SeriesStore, { key }: Series) {
  const rows: Row[] = [];
  const runs: CoverageRun[] = [];
  for await (const part of store.read({ key, range: EVER })) {
    rows.push(...rowsOf(part.batch));
    runs.push(...part.runs);
  }
  return { key, rows, runs: coalesceRuns(runs), coverage: await store.coverage({ key, range: EVER }) };
}

type Outcome = CommitResult | string;

const outcomeOf = (committed: Promise<CommitResult>): Promise<Outcome> =>
  committed.catch((error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '?'));

describe(`Rows that arrive (${STEPS} steps, seed ${SEED})`, () => {
  let folder: string;
  let clients: SqliteClient[];
  let memory: SeriesStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kairos-arrivals-'));
    clients = [];
    memory = new MemorySeriesStore(new MemoryStore());
  });
  afterEach(async () => {
    for (const client of clients) await client.close();
    rmSync(folder, { recursive: true });
  });

  /** As the store opens itself, with limits of our own. */
  function open(): { readonly client: SqliteClient; readonly store: SqliteStore } {
    const path = join(folder, 'kairos.db');
    const writer = new Connection(path, { readonly: false, timeoutMs: 1_000 });
    writer.exec('PRAGMA synchronous = OFF');
    const stage = new HotStage(LIMITS);
    const lane = new WriteLane({
      path,
      writer,
      stage,
      begin: async () => void writer.run('BEGIN IMMEDIATE'),
      guard: () => undefined,
      hasRoom: () => true,
    });
    const reader = new Connection(path, { readonly: true, timeoutMs: 1_000 });
    const client = new SqliteClient({ path, reader, lane, stage });
    clients.push(client);
    return { client, store: storesOver(client) };
  }

  async function expectSame(store: SqliteStore, of: readonly Series[]): Promise<void> {
    for (const series of of) {
      const told = await toldOf(store.series, series);
      const truth = await toldOf(memory, series);
      // As text they compare quickly; what differs is shown as it is.
      if (JSON.stringify(told) !== JSON.stringify(truth)) expect(told).toEqual(truth);
    }
  }

  async function expectOnce({ inspector }: SqliteStore): Promise<void> {
    const keys: string[] = [];
    let after: string | undefined;
    do {
      const page = await inspector.hotRows({ limit: 500, after });
      keys.push(...page.items.map((row) => `${row.key} ${row.ts}`));
      after = page.next;
    } while (after !== undefined);
    expect(keys).toHaveLength(new Set(keys).size);
  }

  it(
    'are told as a store without tiers tells them, whatever was done to them',
    { timeout: 60_000 + STEPS * 200 },
    async () => {
      const dice = diceOf(SEED);
      const player = new Player(dice);
      await (await openSqliteStore({ path: join(folder, 'kairos.db') })).close();
      const first = open();
      const opened = [first, open()];
      for (const [i, series] of MANY.entries()) {
        for (const store of [memory, first.store.series]) await store.ensureSeries({ series });
        // Ids in between, so that there are many shards.
        const others = Array.from({ length: 7 }, (_, j) =>
          aSeries({ instrument: `binance:B${i}-${j}/USDT` }),
        );
        await Promise.all(others.map((other) => first.store.series.ensureSeries({ series: other })));
      }

      const compact = async (store: SqliteStore): Promise<void> => {
        const settledBefore = player.frontOf(pick(dice, MANY)) - pick(dice, [0, 60_000, 3_600_000, -DAY]);
        const maxRows = pick(dice, [1, 40, 400, 4_000]);
        for (let more = true, slices = 1 + dice(6); more && slices > 0; slices -= 1)
          ({ more } = await store.series.compact({ settledBefore, maxRows }));
      };
      /** Several commits that come at once, of which each stands or falls alone. */
      const commit = async (store: SqliteStore): Promise<void> => {
        const requests: CommitRequest[] = [];
        for (let n = 1 + dice(pick(dice, [2, 4, 20])); n > 0; n -= 1) {
          const series = pick(dice, MANY);
          const isTail = dice(8) > 0;
          requests.push(
            isTail ? player.tail(series) : player.other(series, (await toldOf(memory, series)).rows),
          );
        }
        const given = await Promise.all(requests.map((request) => outcomeOf(store.series.commit(request))));
        for (const [i, request] of requests.entries())
          expect(given[i]).toEqual(await outcomeOf(memory.commit(request)));
      };
      /** A transaction that is undone as a whole. */
      const doom = async ({ client, store }: { client: SqliteClient; store: SqliteStore }): Promise<void> => {
        // Compaction begins with the last, which fits pages.
        const some = [MANY.at(-1) ?? MANY[0], ...Array.from({ length: dice(6) }, () => pick(dice, MANY))];
        const tails = some.map((series) => player.tail(series));
        const settledBefore = pick(dice, [EVER.to, T0, player.frontOf(pick(dice, MANY))]);
        const slice = { settledBefore, maxRows: pick(dice, [5, 40, 4_000]) };
        const doomed = [
          ...tails.map((tail) => store.series.commit(tail)),
          store.series.compact(slice).then(() => NONE),
          client.write((): CommitResult => {
            throw new StoreError('STORE_FULL', 'no room');
          }),
        ];
        const outcomes = await Promise.all(doomed.map(outcomeOf));
        expect(new Set(outcomes)).toEqual(new Set(['STORE_FULL']));
        // The pages that the slice had begun with are no more.
        for (let more = true; more;) ({ more } = await store.series.compact(slice));
        for (const tail of dice(2) === 0 ? tails : [])
          expect(await outcomeOf(store.series.commit(tail))).toEqual(await outcomeOf(memory.commit(tail)));
      };

      for (let step = 1; step <= STEPS; step += 1) {
        // Mostly one store, as a round lasts for as long as it alone writes.
        const which = dice(12) === 0 ? 1 : 0;
        const found = opened[which] ?? open();
        const action = dice(40);
        if (action < 34) await commit(found.store);
        else if (action < 37) await compact(found.store);
        else if (action < 39) await doom(found);
        else {
          await found.client.close();
          opened[which] = open();
        }
        const isLook = step % LOOK_EVERY === 0;
        const reader = opened[dice(2)]?.store ?? found.store;
        await expectSame(reader, isLook ? MANY : [pick(dice, MANY), pick(dice, MANY)]);
        if (isLook) await expectOnce(reader);
      }
      const [last = open()] = opened;
      for (let more = true; more;)
        ({ more } = await last.store.series.compact({ settledBefore: EVER.to, maxRows: 4_000 }));
      await expectSame(last.store, MANY);
    },
  );
});

const NONE: CommitResult = { changed: false, conflicts: [], revised: [] };
