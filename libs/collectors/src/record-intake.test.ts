import {
  floorTo,
  LeaseLostError,
  rowsOf,
  seriesKey,
  type CoverageRun,
  type Row,
  type Series,
  ValidationError,
} from '@kairos/domain';
import type { Calendar, JobRecords, JobRecordsAnswer } from '@kairos/ports';
import { MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { aDue, aTask, FakeClock, FakeIds, forEverySource, silentLogger, T0 } from '@kairos/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobRecordIntake } from './record-intake.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A month after the records, so that all are old and final. */
const LATER = T0 + 30 * DAY;
const FENCE = { uid: 'aaaaaaaaaaaa', fence: 0 };
const COLUMNS = ['timestamp_ms', 'open', 'high', 'low', 'close', 'volume'];
const EVER = { from: 0, to: 8e15 };

const always: Calendar = {
  id: 'always',
  expected: ({ range }) => [range],
  closedBefore: ({ grid, now }) => floorTo(grid, now),
};

type FrameRow = JobRecords['rows'][number];
const bar = (i: number, close = '1.5'): FrameRow => [T0 + i * MINUTE, '1', '2', '0.5', close, '100'];

const frame = (over: Partial<JobRecords> = {}): JobRecords => ({
  series: { source: 'own', symbol: 'ABC', dataType: 'kline', frequency: '1m' },
  range: null,
  complete: false,
  columns: COLUMNS,
  rows: [bar(0), bar(1), bar(2)],
  ...over,
});

interface Place {
  readonly clock: FakeClock;
  readonly store: MemorySeriesStore;
  readonly tasks: MemoryTaskStore;
  hand(records: JobRecords, runId?: string): Promise<JobRecordsAnswer>;
  /** Of each commit, whether it changed the store. */
  readonly changes: readonly boolean[];
  only(): Promise<Series>;
  rows(): Promise<Row[]>;
  /** `from-to state reason`, in minutes after `T0`. */
  states(): Promise<string[]>;
  /** All that the store holds, as plain data. */
  content(): Promise<unknown>;
}

async function place(
  p: {
    readonly now?: number;
    readonly calendar?: Calendar;
    readonly realmOf?: (s: string) => string | undefined;
  } = {},
): Promise<Place> {
  const clock = new FakeClock({ now: p.now ?? LATER });
  const data = new MemoryStore();
  const store = new MemorySeriesStore(data, clock);
  const changes: boolean[] = [];
  const commit = store.commit.bind(store);
  store.commit = async (request) => {
    const result = await commit(request);
    changes.push(result.changed);
    return result;
  };
  const tasks = new MemoryTaskStore(data);
  await tasks.create({ task: aTask(), due: aDue() });
  const intake = new JobRecordIntake({
    store,
    calendars: forEverySource(p.calendar ?? always),
    clock,
    ids: new FakeIds(1),
    log: silentLogger,
    realmOf: p.realmOf ?? (() => undefined),
  });
  const only = async (): Promise<Series> => {
    const { items } = await store.listSeries({ filter: {}, limit: 10 });
    const [series] = items;
    if (!series || items.length > 1) throw new Error(`there are ${items.length} series`);
    return series;
  };
  const coverage = async (): Promise<readonly CoverageRun[]> =>
    store.coverage({ key: (await only()).key, range: EVER });
  const rows = async (): Promise<Row[]> => {
    const out: Row[] = [];
    for await (const part of store.read({ key: (await only()).key, range: EVER }))
      out.push(...rowsOf(part.batch));
    return out;
  };
  return {
    clock,
    store,
    tasks,
    changes,
    hand: (records, runId = 'run-1') => intake.accept({ records, runId, fence: FENCE }),
    only,
    rows,
    states: async () =>
      (await coverage()).map((r) =>
        [`${(r.from - T0) / MINUTE}-${(r.to - T0) / MINUTE}`, r.state, r.reason].filter(Boolean).join(' '),
      ),
    content: async () => {
      const { key } = await only();
      const runs = await coverage();
      const evidence = await store.evidence({ key, ids: runs.flatMap((r) => r.evidence ?? []) });
      const findings = await store.findings({ key, limit: 1_000 });
      return { rows: await rows(), runs, evidence, findings };
    },
  };
}

describe('JobRecordIntake', () => {
  it('keeps rows as present and registers the series in a world that is never live', async () => {
    const { hand, only, rows, states } = await place();
    expect(await hand(frame())).toEqual({ accepted: 3, findings: [] });
    const spec = { realm: 'custom:jobs', source: 'own', instrument: 'own:ABC', dataType: 'kline' };
    const series = await only();
    expect(series).toMatchObject({ ...spec, timeframe: '1m', price: 'last', volumeUnit: 'unknown' });
    expect(series.key).toBe(seriesKey(series));
    expect(await states()).toEqual(['0-3 present']);
    expect((await rows())[2]).toMatchObject({
      ts: T0 + 2 * MINUTE,
      values: ['1', '2', '0.5', '1.5', '100', null, null],
    });
  });

  it("takes a configured source's realm, and its calendar's beginning of days", async () => {
    const calendar = { ...always, anchorMs: -8 * 3_600_000 };
    const { hand, only, states } = await place({
      calendar,
      realmOf: (s) => (s === 'own' ? 'sandbox:7' : undefined),
    });
    const series = { source: 'own', symbol: '600519', dataType: 'kline', frequency: '1d' };
    const opens = T0 - 8 * 3_600_000;
    await hand(frame({ series, rows: [[opens, '1', '2', '0.5', '1', '9']] }));
    expect(await only()).toMatchObject({ realm: 'sandbox:7', anchorMs: -8 * 3_600_000 });
    expect(await states()).toEqual(['-480-960 present']);
  });

  it('keeps what is still open or has just closed as provisional, and as final once it is handed in again', async () => {
    const { hand, clock, states } = await place({ now: T0 + 2 * MINUTE + 4_999 });
    await hand(frame());
    expect(await states()).toEqual(['0-1 present', '1-3 provisional']);
    clock.set(T0 + 3 * MINUTE + 5_000);
    expect(await hand(frame())).toEqual({ accepted: 2, findings: [] });
    expect(await states()).toEqual(['0-3 present']);
  });

  it('replaces a provisional row by a later one', async () => {
    const { hand, clock, rows } = await place({ now: T0 + 30_000 });
    await hand(frame({ rows: [bar(0, '1.5')] }));
    clock.set(T0 + 31_000);
    expect(await hand(frame({ rows: [bar(0, '1.25')] }))).toMatchObject({ accepted: 1 });
    expect((await rows()).map((r) => r.values[3])).toEqual(['1.25']);
  });

  it('keeps a record from the future as provisional and says so', async () => {
    const { hand, states } = await place({ now: T0 + 30_000 });
    expect((await hand(frame())).findings).toEqual([
      {
        code: 'clock_skew',
        ts: T0 + MINUTE,
        detail: '2 records of a job open later than our clock says it is; kept as provisional',
      },
    ]);
    expect(await states()).toEqual(['0-3 provisional']);
  });

  it('lets a settled value stand against another one, with a finding', async () => {
    const { hand, rows, store, only } = await place();
    await hand(frame());
    const answer = await hand(frame({ rows: [bar(1, '1.75'), bar(3)] }), 'run-2');
    expect(answer).toMatchObject({
      accepted: 1,
      findings: [{ code: 'settled_value_differs', ts: T0 + MINUTE }],
    });
    expect((await rows()).map((r) => r.values[3])).toEqual(['1.5', '1.5', '1.5', '1.5']);
    expect(await store.findings({ key: (await only()).key, limit: 9 })).toMatchObject([
      { code: 'settled_value_differs', ts: T0 + MINUTE, runId: 'run-2' },
    ]);
  });

  it('reports a value that somebody else settled meanwhile', async () => {
    const { hand, store, only } = await place();
    await hand(frame({ rows: [] }));
    const coverage = store.coverage.bind(store);
    store.coverage = async (p) => {
      const before = await coverage(p);
      store.coverage = coverage;
      await hand(frame({ rows: [bar(0, '1')] }), 'run-9');
      return before;
    };
    expect(await hand(frame({ rows: [bar(0, '2'), bar(1)] }))).toMatchObject({
      accepted: 1,
      findings: [{ code: 'settled_value_differs', ts: T0 }],
    });
    expect(await store.findings({ key: (await only()).key, limit: 9 })).toHaveLength(1);
  });

  it('judges rows as those of a venue: off the grid, doubled, inconsistent', async () => {
    const { hand, rows } = await place();
    const odd: FrameRow = [T0 + 1, '1', '2', '0.5', '1', '1'];
    const unsound: FrameRow = [T0 + MINUTE, '1', '0.9', '0.5', '1', '-1'];
    const answer = await hand(frame({ rows: [bar(2), bar(0, '1'), odd, unsound, bar(0, '2'), bar(2)] }));
    expect(answer.accepted).toBe(3);
    expect(answer.findings.map((f) => `${f.code} ${f.ts - T0}`)).toEqual([
      'duplicate_differs 0',
      'off_grid 1',
      'ohlc_inconsistent 60000',
      'negative_volume 60000',
    ]);
    expect((await rows()).map((r) => r.values[3])).toEqual(['2', '1', '1.5']);
  });

  it('says how many findings it does not list', async () => {
    const { hand } = await place();
    const rows = Array.from({ length: 1_234 }, (_, i): FrameRow => [
      T0 + i * MINUTE + 1,
      '1',
      '2',
      '0.5',
      '1',
      '1',
    ]);
    const { accepted, findings } = await hand(frame({ rows }));
    expect(accepted).toBe(0);
    expect(findings).toHaveLength(51);
    expect(findings.at(-1)?.detail).toBe('and 1184 more, of this kind or others, among the same records');
  });

  it('claims nothing of what is not among the rows unless the frame is complete', async () => {
    const range = { from: T0, to: T0 + 10 * MINUTE };
    const { hand, states } = await place();
    await hand(frame({ range, rows: [bar(0), bar(3)] }));
    await hand(frame({ complete: true, rows: [bar(5), bar(7)] }));
    expect(await states()).toEqual(['0-1 present', '3-4 present', '5-6 present', '7-8 present']);
  });

  it('calls a record empty once three runs have looked in vain, and not before', async () => {
    const { hand, states, clock } = await place();
    const looked = frame({
      range: { from: T0, to: T0 + 5 * MINUTE },
      complete: true,
      rows: [bar(1), bar(3)],
    });
    const open = ['0-1 provisional unconfirmed', '1-2 present', '2-3 provisional unconfirmed', '3-4 present'];
    await hand(looked, 'run-1');
    expect(await states()).toEqual([...open, '4-5 provisional unconfirmed']);
    for (const again of [1, 2, 3]) {
      clock.set(LATER + again * 2_000);
      await hand(looked, 'run-1');
    }
    await hand(looked, 'run-2');
    expect(await states()).toEqual([...open, '4-5 provisional unconfirmed']);
    clock.set(LATER + 60_000);
    await hand(looked, 'run-3');
    expect(await states()).toEqual([
      '0-1 empty unknown',
      '1-2 present',
      '2-3 empty unknown',
      '3-4 present',
      '4-5 empty unknown',
    ]);
  });

  it('counts runs that come too soon after one another as one look', async () => {
    const { hand, states } = await place();
    const looked = frame({ range: { from: T0, to: T0 + MINUTE }, complete: true, rows: [] });
    for (const run of ['run-1', 'run-2', 'run-3', 'run-4']) await hand(looked, run);
    expect(await states()).toEqual(['0-1 provisional unconfirmed']);
  });

  it('claims no absence of what is not closed', async () => {
    const { hand, states } = await place({ now: T0 + 2 * MINUTE + 30_000 });
    await hand(frame({ range: { from: T0, to: T0 + 10 * MINUTE }, complete: true, rows: [bar(0)] }));
    expect(await states()).toEqual(['0-1 present', '1-2 provisional unconfirmed']);
  });

  it('expects nothing where the calendar does not, and takes a confirmed absence of a known day for a suspension', async () => {
    const calendar: Calendar = {
      ...always,
      known: { from: T0 - DAY, to: T0 + 60 * DAY },
      expected: ({ range }) => [{ from: range.from, to: range.from + 2 * DAY }],
    };
    const { hand, states, clock } = await place({ calendar });
    const series = { source: 'own', symbol: 'ABC', dataType: 'kline', frequency: '1d' };
    const looked = frame({ series, range: { from: T0, to: T0 + 5 * DAY }, complete: true, rows: [bar(0)] });
    for (const run of [1, 2, 3]) {
      clock.set(LATER + run * 2_000);
      await hand(looked, `run-${run}`);
    }
    expect(await states()).toEqual(['0-1440 present', '1440-2880 empty suspension']);
  });

  it('changes nothing when the same frame comes again, also later', async () => {
    const now = T0 + 4 * MINUTE + 30_000;
    const { hand, clock, content, changes } = await place({ now });
    const rows = [bar(0), bar(2, '1'), bar(2, '2'), bar(4)];
    const range = { from: T0, to: T0 + 5 * MINUTE };
    await hand(frame({ range, complete: true, rows }));
    const before = await content();
    clock.set(now + 10_000);
    expect(await hand(frame({ range, complete: true, rows }))).toMatchObject({ accepted: 0 });
    expect(await content()).toEqual(before);
    expect(changes).toEqual([true, false]);
  });

  it('keeps no more evidence of what is settled', async () => {
    const { hand, clock, changes } = await place();
    const range = { from: T0, to: T0 + 3 * MINUTE };
    for (const run of [1, 2, 3, 4]) {
      clock.set(LATER + run * 2_000);
      await hand(frame({ range, complete: true, rows: [bar(0)] }), `run-${run}`);
    }
    await hand(frame({ range, complete: true, rows: [] }), 'run-5');
    expect(changes).toEqual([true, true, true, false, false]);
  });

  it('keeps however many events there are in a slot', async () => {
    const { hand, states, rows } = await place();
    const series = { source: 'own', symbol: 'ABC', dataType: 'trade', frequency: '1m' };
    const trades = Array.from({ length: 950 }, (_, i): FrameRow => [
      T0 + Math.floor(i / 7) * 1_000,
      i,
      '1',
      '2',
    ]);
    const range = { from: T0, to: T0 + 3 * MINUTE };
    const columns = ['timestamp_ms', 'tie', 'price', 'amount'];
    const given = frame({ series, range, complete: true, columns, rows: trades.toReversed() });
    expect(await hand(given)).toEqual({ accepted: 950, findings: [] });
    expect(await rows()).toHaveLength(950);
    expect(await states()).toEqual(['0-3 present']);
  });

  it('lets a record that comes late take the place of an absence', async () => {
    const { hand, states, clock } = await place();
    const looked = frame({ range: { from: T0, to: T0 + MINUTE }, complete: true, rows: [] });
    for (const run of [1, 2, 3]) {
      clock.set(LATER + run * 2_000);
      await hand(looked, `run-${run}`);
    }
    expect(await states()).toEqual(['0-1 empty unknown']);
    await hand(frame({ rows: [bar(0)] }), 'run-4');
    expect(await states()).toEqual(['0-1 present']);
    clock.set(LATER + 20_000);
    await hand(looked, 'run-5');
    expect(await states()).toEqual(['0-1 present']);
  });

  it('rejects when the lease is lost, also with a frame that would change nothing', async () => {
    const { hand, tasks, content } = await place();
    await hand(frame());
    const before = await content();
    const due = await tasks.getDue({ uid: FENCE.uid });
    if (!due) throw new Error('no due item');
    await tasks.putDue({ due: { ...due, fence: 1, v: due.v + 1 }, expectedV: due.v });
    await expect(hand(frame())).rejects.toBeInstanceOf(LeaseLostError);
    await expect(hand(frame({ rows: [bar(7)] }))).rejects.toBeInstanceOf(LeaseLostError);
    expect(await content()).toEqual(before);
  });

  it('refuses a frame that is wrong before anything is registered', async () => {
    const { hand, store } = await place();
    await expect(hand(frame({ columns: ['open'] }))).rejects.toBeInstanceOf(ValidationError);
    expect((await store.listSeries({ filter: {}, limit: 9 })).items).toEqual([]);
  });

  it.each([
    ['ticker', ['received_at', 'last'], [[T0, T0 + 5, '7']]],
    ['order_book', ['received_at', 'bids', 'asks'], [[T0, T0 + 5, '[["1","2"]]', '[]']]],
    [
      'trade',
      ['tie', 'price', 'amount', 'side'],
      [
        [T0 + 7, 'a', '1', '2', 'buy'],
        [T0 + 7, 'b', '1', '3', null],
      ],
    ],
    ['funding', ['rate'], [[T0 + 7, '0.0001']]],
    ['fund_nav', ['nav', 'status'], [[T0, '1.2345', '开放']]],
  ] as const)('keeps records of %s', async (dataType, columns, rows) => {
    const { hand, rows: stored, states, content } = await place();
    const series = { source: 'own', symbol: 'ABC', dataType, frequency: '1m' };
    const given = frame({ series, columns: ['timestamp_ms', ...columns], rows });
    expect(await hand(given)).toEqual({ accepted: rows.length, findings: [] });
    expect((await stored()).map((r) => r.ts)).toEqual(rows.map(([ts]) => ts));
    expect(await states()).toEqual(['0-1 present']);
    const before = await content();
    expect(await hand(given)).toEqual({ accepted: 0, findings: [] });
    expect(await content()).toEqual(before);
  });

  it('takes a snapshot as final in the slot that is under way', async () => {
    const { hand, states } = await place({ now: T0 + 10_000 });
    const series = { source: 'own', symbol: 'ABC', dataType: 'ticker', frequency: '1m' };
    await hand(frame({ series, columns: ['timestamp_ms', 'received_at'], rows: [[T0, T0 + 9_000]] }));
    expect(await states()).toEqual(['0-1 present']);
  });

  it('ends in the same store however the rows are split into frames', async () => {
    const minutes = fc.uniqueArray(fc.nat(2_500), { minLength: 1, maxLength: 60 });
    const cuts = fc.array(fc.nat(60), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        minutes,
        cuts,
        fc.constantFrom(T0 + 1_200 * MINUTE, LATER),
        async (at, places, now) => {
          const rows = at.map((i) => bar(i, String(1 + (i % 7) / 10)));
          const whole = await place({ now });
          await whole.hand(frame({ rows }));
          const split = await place({ now });
          const bounds = [
            0,
            ...places.map((c) => Math.min(c, rows.length)).sort((a, b) => a - b),
            rows.length,
          ];
          let accepted = 0;
          for (const [k, from] of bounds.slice(0, -1).entries())
            accepted += (await split.hand(frame({ rows: rows.slice(from, bounds[k + 1]) }))).accepted;
          expect(accepted).toBe(rows.length);
          expect(await split.rows()).toEqual(await whole.rows());
          expect(await split.states()).toEqual(await whole.states());
        },
      ),
      { seed: 5, numRuns: 60 },
    );
  });

  it('ends in the same states however a complete range is split, as its senders split it', async () => {
    const minutes = fc.uniqueArray(fc.nat(1_400), { minLength: 2, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(minutes, fc.nat(40), async (at, cut) => {
        const rows = [...at].sort((a, b) => a - b).map((i) => bar(i));
        const range = { from: T0, to: T0 + 1_441 * MINUTE };
        const middle = Math.max(1, Math.min(cut, rows.length - 1));
        const border = Number(rows[middle]?.[0]);
        const [whole, split] = [await place(), await place()];
        for (const run of [1, 2, 3]) {
          for (const p of [whole, split]) p.clock.set(LATER + run * 2_000);
          await whole.hand(frame({ range, complete: true, rows }), `run-${run}`);
          const first = { ...range, to: border };
          await split.hand(
            frame({ range: first, complete: true, rows: rows.slice(0, middle) }),
            `run-${run}`,
          );
          const second = { ...range, from: border };
          await split.hand(frame({ range: second, complete: true, rows: rows.slice(middle) }), `run-${run}`);
          expect(await split.states()).toEqual(await whole.states());
        }
        expect((await whole.states()).some((s) => s.includes('empty'))).toBe(true);
      }),
      { seed: 6, numRuns: 40 },
    );
  });

  it('judges frames of many rows and as many holes', async () => {
    const { hand, store, only } = await place({ now: T0 + 400 * DAY });
    const rows = Array.from({ length: 5_000 }, (_, i) => bar(2 * i));
    const range = { from: T0, to: T0 + 10_000 * MINUTE };
    expect(await hand(frame({ range, complete: true, rows }))).toEqual({ accepted: 5_000, findings: [] });
    const runs = await store.coverage({ key: (await only()).key, range });
    expect(runs.filter((r) => r.reason === 'unconfirmed')).toHaveLength(5_000);
  });
});
