import {
  batchOfRows,
  KLINE,
  layoutOf,
  StoreError,
  type CoverageRun,
  type DueItem,
  type Part,
  type Series,
  type Task,
} from '@kairos/domain';
import type { BudgetItem, InspectedHotRow, StoreInspector } from '@kairos/ports';
import {
  MemoryBudgetStore,
  MemoryInspector,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
} from '@kairos/store-memory';
import {
  aDue,
  anActiveRun,
  anEvidence,
  aRunRecord,
  aSeries,
  aTask,
  FakeClock,
  klineRow,
  klineRows,
  T0,
} from '@kairos/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkStore, createSampler, type FsckDeps, type Violation, type ViolationCode } from './index.ts';

const MINUTE = 60_000;
const NOW = T0 + 60 * MINUTE;
const series = aSeries();
const layout = layoutOf(series);
const BLOCK = layout.blockOf(T0);
/** A block that T0 stands inside of, with rows on both sides. */
const RANGE = { from: T0, to: T0 + 30 * MINUTE };

let data: MemoryStore;
let clock: FakeClock;
let deps: FsckDeps & { readonly clock: FakeClock };

/** A task that ran at each of its first three slots and waits for the fourth. */
const task: Task = aTask({
  schedule: 'rate(10 minutes)',
  series: [
    {
      symbol: 'BTCUSDT',
      state: 'active',
      instrument: series.instrument,
      seriesKey: series.key,
      note: null,
      error: null,
      watermark: null,
    },
  ],
});
const slot = (n: number): number => T0 + n * 10 * MINUTE;
const due: DueItem = aDue({ cursor: slot(5), nextDue: slot(6), fence: 4 });

beforeEach(async () => {
  data = new MemoryStore();
  clock = new FakeClock({ now: NOW - 1, autoAdvance: true });
  deps = {
    history: new MemoryRunHistory(data),
    series: new MemorySeriesStore(data, clock),
    inspector: new MemoryInspector(data),
    clock,
  };
  await new MemoryTaskStore(data).create({ task, due });
  await deps.series.ensureSeries({ series });
  await deps.series.commit({ series, part: klineRows(30) });
  const empty: CoverageRun = {
    from: RANGE.to,
    to: RANGE.to + MINUTE,
    state: 'empty',
    evidence: 'evidence-1',
  };
  await deps.series.commit({ series, part: part([], [empty]), evidence: [anEvidence()] });
  await deps.history.put({ record: aRunRecord({ slot: slot(0), fence: 1 }) });
  await deps.history.put({ record: aRunRecord({ slot: slot(1), fence: 2, outcome: 'partial' }) });
  await deps.history.put({ record: aRunRecord({ slot: slot(1), fence: 3 }) });
  const skipped = { from: slot(2), to: slot(4), n: 3, reason: 'coalesced' as const };
  await deps.history.put({ record: aRunRecord({ slot: slot(5), fence: 4, skipped }) });
});

function part(stamps: readonly number[], runs: readonly CoverageRun[]): Part {
  return {
    batch: batchOfRows(
      KLINE,
      stamps.map((ts) => klineRow(ts)),
    ),
    runs,
  };
}

async function found(): Promise<readonly Violation[]> {
  const all: Violation[] = [];
  for await (const v of checkStore(deps)) all.push(v);
  return all;
}

const codes = async (): Promise<ViolationCode[]> => (await found()).map((v) => v.code);

const plantBlock = (planted: Part): void => void shelf().blocks.set(BLOCK, planted);
const plantTask = (over: Partial<Task>): void => void data.tasks.set(task.uid, { ...task, ...over });
const plantDue = (over: Partial<DueItem>): void => void data.dues.set(task.uid, { ...due, ...over });

/** The inspector with some answers of its own. */
const like = (inspector: StoreInspector, over: Partial<StoreInspector>): StoreInspector => ({
  container: (p) => inspector.container(p),
  holdings: (p) => inspector.holdings(p),
  holding: (p) => inspector.holding(p),
  blocks: (p) => inspector.blocks(p),
  block: (p) => inspector.block(p),
  spans: (p) => inspector.spans(p),
  hotRows: (p) => inspector.hotRows(p),
  budgets: () => inspector.budgets(),
  ...over,
});

function shelf() {
  const found = data.shelves.get(series.key);
  if (!found) throw new Error('the series is not there');
  return found;
}

describe('checkStore', () => {
  it('finds nothing in a store that is whole, and says how much it looked at', async () => {
    const check = checkStore(deps);
    for await (const v of check) expect.unreachable(v.code);

    expect(check.counts).toEqual({ series: 1, blocks: 1, rows: 30, tasks: 1, runs: 4 });
  });

  describe('of blocks', () => {
    const present: CoverageRun = { ...RANGE, state: 'present' };
    const minutes = (...n: readonly number[]): number[] => n.map((i) => T0 + i * MINUTE);
    const all = minutes(...Array.from({ length: 30 }, (_, i) => i));

    it.each<[ViolationCode, Part, Partial<Violation>]>([
      [
        'slot_without_row',
        part(
          all.filter((_, i) => i !== 7 && i !== 9),
          [present],
        ),
        { n: 2 },
      ],
      ['row_without_run', part(all, [{ ...present, to: T0 + 28 * MINUTE }]), { n: 2 }],
      [
        'row_without_run',
        part(all, [
          { ...present, to: T0 + 29 * MINUTE },
          { from: T0 + 29 * MINUTE, to: RANGE.to, state: 'empty' },
        ]),
        {},
      ],
      ['keys_unsorted', part([...all, T0 + 29 * MINUTE], [present]), {}],
      [
        'run_unknown',
        part(all, [present, { from: RANGE.to, to: RANGE.to + MINUTE, state: 'maybe' as 'empty' }]),
        {},
      ],
      [
        'runs_disordered',
        part(all, [present, { from: RANGE.to - MINUTE, to: RANGE.to + MINUTE, state: 'empty' }]),
        {},
      ],
      [
        'runs_disordered',
        part(all, [present, { from: RANGE.to, to: layout.rangeOf(BLOCK).to + MINUTE, state: 'empty' }]),
        {},
      ],
      [
        'evidence_missing',
        part(all, [present, { from: RANGE.to, to: RANGE.to + MINUTE, state: 'empty', evidence: 'lost' }]),
        { detail: 'lost' },
      ],
    ])('finds %s', async (code, planted, more) => {
      plantBlock(planted);

      expect(await found()).toMatchObject([
        { code, severity: 'error', where: { series: series.key }, ...more },
      ]);
    });

    it('finds rows outside their block', async () => {
      const beyond = layout.rangeOf(BLOCK).to;
      plantBlock(part([...all, beyond], [present]));

      expect(await codes()).toContain('key_outside_block');
    });

    it('finds a count that is not the rows’, and bytes that cannot be read', async () => {
      const { inspector } = deps;
      const chunk = {
        stated: 31,
        rows: klineRows(30).batch,
        states: undefined,
        faults: ['the checksum differs'],
      };
      const odd = like(inspector, {
        block: async () => ({ block: BLOCK, chunk, spans: [], hot: [] }),
      });
      deps = { ...deps, inspector: odd };

      expect(await codes()).toEqual(['chunk_unreadable', 'chunk_count_differs']);
    });

    it('finds promises of rows where there is no block at all', async () => {
      const far = layout.rangeOf(BLOCK + 5).from;
      shelf().spans = [...shelf().spans, { from: far, to: far + 3 * MINUTE, state: 'provisional', at: T0 }];

      expect(await found()).toMatchObject([
        { code: 'slot_without_row', n: 3, where: { block: BLOCK + 5, ts: far } },
      ]);
    });

    it('lets unconfirmed absences be without rows', async () => {
      const far = layout.rangeOf(BLOCK + 5).from;
      const absence: CoverageRun = {
        from: far,
        to: far + MINUTE,
        state: 'provisional',
        reason: 'unconfirmed',
      };
      shelf().spans = [...shelf().spans, absence];

      expect(await codes()).toEqual([]);
    });

    it('finds facts outside chunks that overlap', async () => {
      const [first] = shelf().spans;
      if (!first) return expect.unreachable();
      shelf().spans = [first, { ...first, from: first.from + 1 }];

      expect(await codes()).toContain('runs_disordered');
    });

    it('counts a row between two slots for its slot', async () => {
      plantBlock(
        part(
          all.map((ts, i) => (i === 3 ? ts + 17 : ts)),
          [present],
        ),
      );

      expect(await codes()).toEqual([]);
    });

    it.each<[string, Partial<Series>, ViolationCode]>([
      ['another realm', { realm: 'live' }, 'series_realm_differs'],
      ['another instrument', { instrument: 'binance:ETH/USDT' }, 'series_key_differs'],
      ['an unknown data type', { dataType: 'weather' }, 'series_unreadable'],
    ])('finds a series whose record says %s', async (_what, over, code) => {
      shelf().series = { ...series, ...over };

      expect(await codes()).toContain(code);
    });
  });

  describe('of rows outside chunks', () => {
    it.each<[ViolationCode, Partial<InspectedHotRow>]>([
      ['hot_astray', { key: undefined }],
      ['hot_unreadable', { fault: 'not JSON' }],
      ['row_without_run', { run: undefined }],
      ['row_without_run', { run: { from: T0, to: NOW, state: 'empty' } }],
      ['hot_off_grid', { ts: T0 + 1 }],
      ['hot_stale', { ts: T0 - 5_000 * MINUTE }],
    ])('finds %s', async (code, over) => {
      const { inspector } = deps;
      const row: InspectedHotRow = {
        key: series.key,
        ts: T0,
        tie: '',
        run: { from: 0, to: NOW, state: 'present' },
        fault: undefined,
      };
      const odd = like(inspector, {
        hotRows: async () => ({
          items: [
            { ...row, ...over },
            { ...row, ...over },
          ],
        }),
      });
      deps = { ...deps, inspector: odd };
      plantTask({ lastRun: { runId: 'r', outcome: 'succeeded', slot: T0, endedAt: NOW, rows: 1 } });

      expect(await found()).toMatchObject([{ code, n: 2 }]);
    });

    it('finds a row that is in both tiers', async () => {
      const { inspector } = deps;
      const odd = like(inspector, {
        block: async (p: { key: string; block: number }) => ({
          ...(await inspector.block(p)),
          hot: [{ ts: T0 + MINUTE, tie: '' }],
        }),
      });
      deps = { ...deps, inspector: odd };

      expect(await found()).toMatchObject([{ code: 'key_twice', where: { ts: T0 + MINUTE } }]);
    });
  });

  describe('of tasks', () => {
    const gone = { ...anActiveRun({ slot: slot(5), until: NOW + 3_600_000 }) };

    it.each<[ViolationCode, () => void]>([
      ['task_without_due', () => void data.dues.delete(task.uid)],
      ['due_without_task', () => void data.tasks.delete(task.uid)],
      ['task_asleep', () => plantDue({ nextDue: null })],
      ['due_without_work', () => plantTask({ status: 'completed' })],
      ['cursor_ahead', () => plantDue({ cursor: slot(8) })],
      ['lease_too_long', () => plantDue({ active: gone })],
      ['fence_behind', () => plantDue({ fence: 3 })],
      ['task_unreadable', () => plantTask({ schedule: 'rate(minutes)' })],
      [
        'task_series_missing',
        () => plantTask({ series: task.series.map((s) => ({ ...s, seriesKey: 'lost' })) }),
      ],
      ['slot_unaccounted', () => plantDue({ cursor: slot(6) })],
    ])('finds %s', async (code, plant) => {
      plant();
      clock.set(code === 'slot_unaccounted' ? NOW + MINUTE : NOW - 1);

      expect(await codes()).toContain(code);
    });

    it('finds slots in the middle that nobody accounts for', async () => {
      data.history.get(task.uid)?.delete(`s|${slot(5)}|4`);
      await deps.history.put({ record: aRunRecord({ slot: slot(5), fence: 4 }) });

      expect(await found()).toMatchObject([{ code: 'slot_unaccounted', n: 3, where: { ts: slot(2) } }]);
    });

    it('finds a run on record that a later claim has left behind', async () => {
      await deps.history.put({ record: aRunRecord({ slot: slot(3), fence: 3, outcome: 'running' }) });

      expect(await found()).toMatchObject([{ code: 'run_orphaned', detail: 'fence 3 of 4' }]);
    });

    it('finds a run on record that was let go without an outcome', async () => {
      data.history.get(task.uid)?.delete(`s|${slot(5)}|4`);
      const skipped = { from: slot(2), to: slot(4), n: 3, reason: 'coalesced' as const };
      await deps.history.put({
        record: aRunRecord({ slot: slot(5), fence: 4, skipped, outcome: 'running' }),
      });

      expect(await codes()).toEqual(['run_orphaned']);
    });

    it('takes a held run for what it is', async () => {
      await deps.history.put({ record: aRunRecord({ slot: slot(5), fence: 5, outcome: 'running' }) });
      plantDue({ fence: 5, active: anActiveRun({ slot: slot(5), until: NOW }), nextDue: NOW });

      expect(await codes()).toEqual([]);
    });

    it('finds a slot that succeeded twice', async () => {
      await deps.history.put({ record: aRunRecord({ slot: slot(1), fence: 2, startedAt: slot(1) }) });

      expect(await found()).toMatchObject([{ code: 'slot_twice', where: { ts: slot(1) } }]);
    });

    it('lets a slot succeed again when the clock went back to before it', async () => {
      plantDue({ fence: 6 });
      const early = { slot: slot(0), startedAt: T0 - 3_600_000 };
      await deps.history.put({ record: aRunRecord({ ...early, fence: 5, outcome: 'partial' }) });
      await deps.history.put({ record: aRunRecord({ slot: slot(1), fence: 6 }) });

      expect(await codes()).toEqual([]);
    });

    it('asks for no slots before the oldest line, nor of a schedule that was replaced', async () => {
      data.history.get(task.uid)?.delete(`s|${slot(0)}|1`);
      await deps.history.put({ record: aRunRecord({ slot: slot(-9), fence: 1 }) });

      expect(await codes()).toEqual(['slot_unaccounted']);
      data.history.get(task.uid)?.delete(`s|${slot(-9)}|1`);
      expect(await codes()).toEqual([]);
    });

    it('says nothing of what has healed at the second look', async () => {
      plantDue({ nextDue: null });
      const { inspector } = deps;
      let looks = 0;
      const healing = like(inspector, {
        holding: async (p: { uid: string }) => {
          looks += 1;
          if (looks === 3) plantDue({});
          return inspector.holding(p);
        },
      });
      deps = { ...deps, inspector: healing };

      expect(await codes()).toEqual([]);
      expect(looks).toBe(4);
    });
  });

  describe('of budgets', () => {
    const scope = 'default|binance/api';
    const window = Math.floor(NOW / MINUTE);
    const item: BudgetItem = { scope, win: window, used: 1_164, foreign: 30, banUntil: NOW + MINUTE, v: 1 };
    const poolRules = (asked: string) => (asked === scope ? { limit: 1_200, windowMs: MINUTE } : undefined);
    const plant = async (over: Partial<BudgetItem>): Promise<void> => {
      await new MemoryBudgetStore(data).put({ item: { ...item, ...over }, expectedV: 0 });
      deps = { ...deps, poolRules };
    };

    it('takes leased weight, what others took, and a ban for what they are', async () => {
      await plant({});

      expect(await codes()).toEqual([]);
    });

    it('lets one request that is heavier than our share go alone', async () => {
      await plant({ used: 1_200 });

      expect(await codes()).toEqual([]);
    });

    it.each<[ViolationCode, Partial<BudgetItem>]>([
      ['budget_overspent', { used: 1_200.5 }],
      ['budget_invalid', { used: -1 }],
      ['budget_invalid', { used: Infinity }],
      ['budget_invalid', { foreign: NaN }],
      ['budget_invalid', { foreign: -3 }],
      ['budget_invalid', { win: 7.5 }],
      ['budget_invalid', { win: window + 12 }],
      ['budget_invalid', { banUntil: -1 }],
      ['ban_too_long', { banUntil: NOW + 4 * 86_400_000 }],
    ])('finds %s in %j', async (code, over) => {
      await plant(over);

      expect(await found()).toMatchObject([{ code, where: { budget: scope } }]);
      expect((await createSampler(deps).step(NOW - 1)).map((v) => v.code)).toEqual([code]);
    });

    it('finds an item that cannot be read', async () => {
      const { inspector } = deps;
      const budgets = async () => [{ scope, item: undefined, fault: 'not JSON' }];
      deps = { ...deps, inspector: like(inspector, { budgets }) };

      expect(await found()).toMatchObject([{ code: 'budget_unreadable', detail: 'not JSON' }]);
    });

    it('holds a budget of no known limit against itself alone', async () => {
      await plant({ scope: 'default|other/api', used: 9e9 });

      expect(await codes()).toEqual([]);
    });
  });

  it('tells what cannot be read, and goes on', async () => {
    const { inspector } = deps;
    const broken = like(inspector, {
      container: async () => [{ code: 'damaged' as const, detail: 'page 7' }],
      blocks: async () => {
        throw new StoreError('STORE_CORRUPT', 'the disk image is malformed');
      },
    });
    deps = { ...deps, inspector: broken };
    plantDue({ nextDue: null });

    expect(await codes()).toEqual(['store_damaged', 'task_asleep', 'store_unreadable']);
  });

  it('looks at as many as it is told, the same ones for one seed', async () => {
    for (let i = 0; i < 9; i += 1) {
      const other = aSeries({ instrument: `binance:X${i}/USDT` });
      await deps.series.ensureSeries({ series: other });
      const planted = data.shelves.get(other.key);
      if (planted) planted.series = { ...other, realm: 'live' };
    }
    const seen = async (seed: number): Promise<(string | undefined)[]> => {
      const check = checkStore(deps, { sample: 4, seed });
      const places: (string | undefined)[] = [];
      for await (const v of check) places.push(v.where.series);
      expect(check.counts.series).toBe(4);
      return places;
    };

    expect(await seen(1)).toEqual(await seen(1));
    expect(new Set([await seen(1), await seen(2), await seen(3)].map(String)).size).toBeGreaterThan(1);
  });
});

describe('createSampler', () => {
  it('comes to everything in time, and tells each violation once', async () => {
    const sampler = createSampler(deps);
    plantDue({ nextDue: null });
    plantBlock(part([T0], [{ ...RANGE, state: 'present' }]));
    const steps: ViolationCode[][] = [];
    for (let i = 0; i < 12; i += 1) steps.push((await sampler.step(NOW - 1)).map((v) => v.code));

    expect(steps.flat().sort()).toEqual(['slot_without_row', 'task_asleep']);
    expect(steps[0]).toEqual([]);
  });

  it('says nothing of a whole store', async () => {
    const sampler = createSampler(deps);
    for (let i = 0; i < 12; i += 1) expect(await sampler.step(NOW - 1)).toEqual([]);
  });
});
