import { sessionCalendar, SSE } from '@kairos/calendar-sessions';
import { collectCandles, type SeriesReport } from '@kairos/collectors';
import {
  batchOfRows,
  canonicalDecimal,
  DEFAULT_TASK_CONFIG,
  floorTo,
  gridOf,
  KLINE,
  valueAt,
  type RecordBatch,
  type TaskContent,
  type Value,
} from '@kairos/domain';
import { checkStore } from '@kairos/fsck';
import type { SeriesStore } from '@kairos/ports';
import { SeriesService } from '@kairos/series';
import { FakeClock, forEverySource, klineRow, slotsOf } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { house, memoryStores, type CheckedStores, type House } from './testing/house.ts';
import { BatchSource, hasCnRecordings, recordedCnBatch } from './testing/recorded.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const REALM = 'recording:cn';

const sse = sessionCalendar(SSE);
const at = (text: string): number => Date.parse(`${text}+08:00`);

/** A source of A-shares: it says where its days begin, and what it means when a share has no bar on a trading day. */
function sourceOf(clock: FakeClock, symbol: string, truth: RecordBatch, pageSize = 1_000): BatchSource {
  return new BatchSource({
    id: 'shares',
    realm: REALM,
    truth: new Map([[`sse:${symbol}`, truth]]),
    venueNow: () => clock.now(),
    facts: { anchorMs: sse.anchorMs, absenceMeans: 'suspension', volumeUnit: 'shares', pageSize },
  });
}

interface Collected {
  readonly report: SeriesReport;
  readonly store: SeriesStore;
  readonly clock: FakeClock;
}

async function collected(p: {
  readonly recording: string;
  readonly timeframe: string;
  readonly from: number;
  readonly to: number;
}): Promise<Collected> {
  const clock = new FakeClock({ now: at('2024-09-27T15:00'), autoAdvance: true });
  const symbol = p.recording.slice(0, 6);
  const source = sourceOf(clock, symbol, recordedCnBatch(p.recording));
  const store = memoryStores(clock).series;
  const { timeframe, from, to } = p;
  const report = await collectCandles({ source, store, clock, calendar: sse, symbol, timeframe, from, to });
  return { report, store, clock };
}

describe.skipIf(!hasCnRecordings)('recorded A-shares under the calendar of Shanghai', () => {
  const minutes = { from: at('2024-06-14T00:00'), to: at('2024-09-19T00:00') };

  it('are complete with 240 minutes a day: nights, lunches, weekends and holidays want nothing', async () => {
    const { report } = await collected({ recording: '600000.SH-1m', timeframe: '1m', ...minutes });
    expect(report).toMatchObject({ state: 'complete', rows: 67 * 240 });
    expect(report.coverage).toMatchObject({ expected: 67 * 240, gaps: 0 });
    expect(report.coverage?.counts).toEqual({
      present: 67 * 240,
      empty: 0,
      unavailable: 0,
      provisional: 0,
      failed: 0,
      missing: 0,
    });
  });

  it('make whole days out of 240 minutes, equal in price to the recorded days', async () => {
    const { store, clock } = await collected({ recording: '600000.SH-1m', timeframe: '1m', ...minutes });
    const service = new SeriesService({
      store,
      calendars: forEverySource(sse),
      clock,
      realmOf: () => REALM,
    });
    const series = { source: 'shares', symbol: '600000', dataType: 'kline', frequency: '1d' };
    const coverage = await service.coverage({ series, derive: true, ...minutes });
    expect(coverage).toMatchObject({ expected: 67, derivedFrom: '1m', incomplete: 0 });
    expect(coverage.counts).toMatchObject({ present: 67, missing: 0, failed: 0, provisional: 0 });

    const page = await service.query({
      series,
      derive: true,
      limit: 100,
      includeProvisional: false,
      ...minutes,
    });
    expect(page.incomplete).toBe(0);
    const days = recordedCnBatch('600000.SH-1d');
    const recorded = new Map(
      Array.from(days.ts, (ts, row) => [ts, days.columns.slice(0, 4).map((c) => told(valueAt(c, row)))]),
    );
    expect(page.rows).toHaveLength(67);
    for (const [ts, ...values] of page.rows)
      expect(values.slice(0, 4).map(told)).toEqual(recorded.get(Number(ts)));
  });

  it.each([
    ['600000.SH-1d', 5_908, 118],
    ['000151.SZ-1d', 5_779, 50],
  ])(
    'keep the suspensions of %s as coverage with a reason, not as calendar',
    async (recording, bars, suspended) => {
      const first = recordedCnBatch(recording).ts[0] ?? 0;
      const span = { from: first, to: at('2024-09-20T00:00') };
      const { report, store } = await collected({ recording, timeframe: '1d', ...span });
      expect(report).toMatchObject({ state: 'complete', rows: bars });
      expect(report.coverage?.counts).toMatchObject({
        present: bars,
        empty: suspended,
        missing: 0,
        failed: 0,
      });
      const runs = await store.coverage({ key: report.seriesKey ?? '', range: span });
      const empty = runs.filter((run) => run.state === 'empty');
      expect(new Set(empty.map((run) => run.reason))).toEqual(new Set(['suspension']));
      const ids = empty.flatMap((run) => run.evidence ?? []);
      const evidence = await store.evidence({ key: report.seriesKey ?? '', ids });
      expect(Math.min(...evidence.map((one) => one.reads.length))).toBe(3);
    },
  );

  it('are listed when they are: what lies before is unavailable, not a holiday', async () => {
    const span = { from: at('1999-10-25T00:00'), to: at('1999-12-01T00:00') };
    const { report } = await collected({ recording: '600000.SH-1d', timeframe: '1d', ...span });
    expect(report.state).toBe('complete');
    // 25 October to 9 November: twelve weekdays.
    expect(report.coverage?.counts).toMatchObject({ present: 15, unavailable: 12 });
  });
});

/** Prices as they compare: equal by value. */
const told = (value: Value | undefined): string | undefined =>
  typeof value === 'string' ? canonicalDecimal(value) : undefined;

/** Made up: a bar for every slot in which Shanghai is open. */
function madeUp(timeframe: string, from: number, to: number): RecordBatch {
  const grid = gridOf(timeframe, sse.anchorMs);
  const parts = sse.expected({ grid, range: { from, to } });
  return batchOfRows(
    KLINE,
    parts.flatMap((part) => [...slotsOf(grid, part)]).map((open) => klineRow(open)),
  );
}

const contentOf = (over: Partial<TaskContent>): TaskContent => ({
  handler: 'collect',
  projectId: 'p',
  dataset: 'd',
  dataType: 'kline',
  source: 'shares',
  symbols: ['600000'],
  frequency: '1m',
  startTime: null,
  endTime: null,
  schedule: null,
  timezone: 'UTC',
  job: null,
  config: DEFAULT_TASK_CONFIG,
  ...over,
});

/** A house whose one source is made up; its clock stands on Thursday, 12 September 2024, at 16:00 in Shanghai. */
function shop(timeframe: string): {
  readonly h: House;
  readonly clock: FakeClock;
  readonly stores: CheckedStores;
} {
  const clock = new FakeClock({ now: at('2024-09-12T16:00'), autoAdvance: true });
  const truth = madeUp(timeframe, at('2024-09-02T00:00'), at('2024-10-12T00:00'));
  const stores = memoryStores(clock);
  return {
    h: house({ clock, stores, source: sourceOf(clock, '600000', truth), calendar: sse }),
    clock,
    stores,
  };
}

const isOpen = (ts: number): boolean =>
  sse.expected({ grid: gridOf('1m'), range: { from: floorTo(gridOf('1m'), ts), to: ts + 1 } }).length > 0;

describe('a task on a source with sessions', () => {
  it('is complete at every lunch, night, weekend and holiday, and has nothing failed', async () => {
    const { h, clock, stores } = shop('1m');
    await h.tasks.create({ taskId: 'live', content: contentOf({ startTime: at('2024-09-12T00:00') }) });
    const rests: number[] = [];
    // Over a weekend and the Mid-Autumn Festival on Monday and Tuesday.
    while (clock.now() < at('2024-09-19T12:00')) {
      await h.tick();
      const { progress, task } = await h.tasks.view({ taskId: 'live' });
      const [one] = progress;
      expect(one).toMatchObject({ failed: 0, empty: 0, unavailable: 0, gaps: 0 });
      if (!isOpen(clock.now()) && !isOpen(clock.now() - MINUTE)) {
        expect(one).toMatchObject({ missing: 0, provisional: 0 });
        rests.push(clock.now());
      }
      expect(task.health).toEqual({ state: 'ok', reasons: [] });
      await clock.advance(10 * MINUTE);
    }
    const { progress } = await h.tasks.view({ taskId: 'live' });
    expect(progress[0]).toMatchObject({ expected: 3 * 240 + 120, present: 3 * 240 + 120 });
    expect(rests.length).toBeGreaterThan(500);

    // The first run is the creation's; all others follow the close of a minute of a session, and none is lost.
    const { items } = await h.tasks.runs({ taskId: 'live', limit: 1_000 });
    const slots = items.filter((run) => run.kind === 's').map((run) => run.slot);
    expect(slots.filter((slot) => slot > at('2024-09-12T16:00') && !isOpen(slot - 2 * SECOND - 1))).toEqual(
      [],
    );
    const check = checkStore({ ...stores, clock, calendars: forEverySource(sse) });
    const violations: string[] = [];
    for await (const v of check) violations.push(`${v.code} ${v.detail}`);
    expect(violations).toEqual([]);
  });

  it('collects a day when its last session has ended, not at midnight', async () => {
    const { h, clock } = shop('1d');
    await h.tasks.create({
      taskId: 'days',
      content: contentOf({ frequency: '1d', startTime: at('2024-09-09T00:00') }),
    });
    await h.tick();
    expect((await h.tasks.view({ taskId: 'days' })).progress[0]).toMatchObject({ expected: 4, present: 4 });
    await clock.advance(at('2024-09-13T14:59') - clock.now());
    await h.tick();
    expect((await h.tasks.view({ taskId: 'days' })).progress[0]).toMatchObject({ expected: 4, missing: 0 });
    await clock.advance(at('2024-09-13T15:00') + 3 * SECOND - clock.now());
    await h.tick();
    expect((await h.tasks.view({ taskId: 'days' })).progress[0]).toMatchObject({ expected: 5, present: 5 });
  });

  it('is completed with the last session before its end, when that falls on a holiday', async () => {
    const { h, clock } = shop('1m');
    const content = contentOf({ startTime: at('2024-09-12T00:00'), endTime: at('2024-09-17T12:00') });
    await h.tasks.create({ taskId: 'ends', content });
    await h.tick();
    expect((await h.tasks.view({ taskId: 'ends' })).task.status).toBe('running');
    await clock.advance(at('2024-09-13T15:00') + 5 * SECOND - clock.now());
    await h.tick();
    const { task, progress } = await h.tasks.view({ taskId: 'ends' });
    expect(task.status).toBe('completed');
    expect(progress[0]).toMatchObject({ expected: 480, present: 480 });
  });

  it('says so when its calendar knows no further holidays', async () => {
    const clock = new FakeClock({ now: at('2024-09-12T16:00'), autoAdvance: true });
    const calendar = sessionCalendar({
      ...SSE,
      validTo: '2024-08-31',
      holidays: SSE.holidays.filter(({ from }) => from < '2024-08-31'),
    });
    const truth = madeUp('1d', at('2024-09-02T00:00'), at('2024-10-12T00:00'));
    const h = house({ clock, source: sourceOf(clock, '600000', truth), calendar });
    const content = contentOf({ frequency: '1d', startTime: at('2024-09-09T00:00') });
    await h.tasks.create({ taskId: 'old', content });
    await h.tick();
    const { task } = await h.tasks.view({ taskId: 'old' });
    expect(task.health.state).toBe('degraded');
    expect(task.health.reasons).toEqual([
      'CALENDAR_EXPIRED: the calendar sse knows no holidays after 2024-08-31 and expects every weekday; give it a newer file',
    ]);
    // Nothing was lost by it: a holiday that it does not know ends as empty, by what the venue says.
    await clock.advance(at('2024-09-19T16:00') - clock.now());
    for (let i = 0; i < 12; i += 1) {
      await h.tick();
      await clock.advance(15 * MINUTE);
    }
    expect((await h.tasks.view({ taskId: 'old' })).progress[0]).toMatchObject({
      expected: 8,
      present: 6,
      empty: 2,
      failed: 0,
      missing: 0,
    });
  });
});
