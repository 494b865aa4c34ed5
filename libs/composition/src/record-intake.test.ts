import { JobRecordIntake } from '@kairos/collectors';
import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import type { JobRecords, SeriesRef } from '@kairos/ports';
import { SeriesService } from '@kairos/series';
import { MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { aDue, aTask, FakeClock, FakeIds, forEverySource, silentLogger, T0 } from '@kairos/testkit';
import { beforeEach, describe, expect, it } from 'vitest';

const DAY = 86_400_000;
const FENCE = { uid: 'aaaaaaaaaaaa', fence: 0 };
const NAV: SeriesRef = { source: '天天基金', symbol: '000001', dataType: 'fund_nav', frequency: '1d' };

const records: JobRecords = {
  series: { source: '天天基金', symbol: '000001', dataType: 'fund_nav', frequency: '1d' },
  range: { from: T0, to: T0 + 4 * DAY },
  complete: true,
  columns: ['timestamp_ms', 'nav', 'status'],
  rows: [
    [T0, '1.2340', '开放'],
    [T0 + DAY, 1.25, null],
    [T0 + 3 * DAY, '1.26', '开放'],
  ],
};

/** What a job hands in, seen by those who ask for series. */
describe('records of jobs', () => {
  let series: SeriesService;
  let intake: JobRecordIntake;
  let clock: FakeClock;
  beforeEach(async () => {
    const data = new MemoryStore();
    clock = new FakeClock({ now: T0 + 30 * DAY });
    const store = new MemorySeriesStore(data, clock);
    await new MemoryTaskStore(data).create({ task: aTask(), due: aDue() });
    const calendars = forEverySource(new AlwaysOpenCalendar());
    const realmOf = (): undefined => undefined;
    series = new SeriesService({ store, calendars, clock, realmOf });
    intake = new JobRecordIntake({
      store,
      calendars,
      clock,
      ids: new FakeIds(1),
      log: silentLogger,
      realmOf,
    });
    await intake.accept({ records, runId: 'run-1', fence: FENCE });
  });

  it('are found by source and symbol, and queried as any other series', async () => {
    const page = await series.query({ series: NAV, limit: 10, includeProvisional: false });

    expect(page.series).toMatchObject({ realm: 'custom:jobs', instrument: '天天基金:000001' });
    expect(page.columns).toEqual(['timestamp_ms', 'nav', 'acc_nav', 'status']);
    expect(page.rows).toEqual([
      [T0, '1.234', null, '开放'],
      [T0 + DAY, '1.25', null, null],
      [T0 + 3 * DAY, '1.26', null, '开放'],
    ]);
  });

  it('are exported as CSV whose columns a job may hand in again as they are', async () => {
    const { chunks } = await series.export({ series: NAV, includeProvisional: false, format: 'csv' });
    let text = '';
    for await (const chunk of chunks) text += String(chunk);

    expect(text).toBe(
      'timestamp_ms,nav,acc_nav,status\n' +
        `${T0},1.234,,开放\n${T0 + DAY},1.25,,\n${T0 + 3 * DAY},1.26,,开放\n`,
    );
    const [head = '', ...lines] = text.trim().split('\n');
    const rows = lines.map((line) => line.split(',').map((cell) => (cell === '' ? null : cell)));
    const again = { ...records, range: null, complete: false, columns: head.split(','), rows };
    expect(await intake.accept({ records: again, runId: 'run-2', fence: FENCE })).toEqual({
      accepted: 0,
      findings: [],
    });
  });

  it('count in the coverage report, with what is absent and how often it was looked for', async () => {
    const within = { from: T0, to: T0 + 4 * DAY };
    const report = await series.coverage({ series: NAV, ...within });

    expect(report).toMatchObject({
      expected: 4,
      counts: { present: 3, provisional: 1, missing: 0 },
      evidence: [{ reason: 'unconfirmed', reads: [{ ...within, rows: 3, first: T0, last: T0 + 3 * DAY }] }],
    });
    for (const run of [2, 3]) {
      clock.set(T0 + 30 * DAY + run * DAY);
      await intake.accept({ records, runId: `run-${run}`, fence: FENCE });
    }
    expect(await series.coverage({ series: NAV, ...within })).toMatchObject({
      counts: { present: 3, empty: 1, provisional: 0 },
      evidence: [{ reason: 'unknown', grade: 1, reads: [{}, {}, {}] }],
    });
  });

  it('come with their findings', async () => {
    await intake.accept({
      records: { ...records, range: null, rows: [[T0, '9.9', '开放']] },
      runId: 'run-2',
      fence: FENCE,
    });

    expect(await series.findings({ series: NAV, limit: 10 })).toMatchObject({
      total: 1,
      counts: { settled_value_differs: 1 },
      items: [{ ts: T0, runId: 'run-2' }],
    });
  });
});
