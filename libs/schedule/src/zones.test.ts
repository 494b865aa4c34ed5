import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleOf, type Schedule } from './schedule.ts';
import { nextSlots } from './slots.ts';
import { oracleInstants } from './testing/minute-oracle.ts';
import { zoneOf } from './zone.ts';

const ZONES = [
  'UTC',
  'Asia/Shanghai',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Beirut',
  'Asia/Gaza',
  'Europe/London',
  'Europe/Dublin',
  'Europe/Berlin',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Africa/Monrovia',
  'America/New_York',
  'America/Chicago',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Recife',
  'Atlantic/Azores',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kwajalein',
];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Monrovia kept seconds until 1972; the oracle sees whole minutes. */
const FIRST = Date.UTC(1973, 0, 1);
const LAST = Date.UTC(2060, 0, 1);

/** Instants at which a zone's clock changes, with changes of 2011 and such found by walking its stretches. */
function changesOf(zone: string): readonly number[] {
  const changes: number[] = [];
  let stretch = zoneOf(zone).stretchAt(FIRST);
  while (stretch.to < LAST) {
    const next = zoneOf(zone).stretchAt(stretch.to);
    if (next.offset !== stretch.offset) changes.push(next.from);
    stretch = next;
  }
  return changes;
}

const cron = (fields: string, timezone: string): Schedule =>
  scheduleOf({ schedule: `cron(${fields})`, timezone, epochAt: -1e15, frequency: '1h', dataType: 'kline' });

const entry = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    { weight: 2, arbitrary: fc.integer({ min, max }).map(String) },
    fc.tuple(fc.integer({ min, max }), fc.integer({ min: 1, max: max - min })).map(([a, n]) => `${a}/${n}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${a}-${b}`),
    fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map((list) => list.join(',')),
  );

const days = fc.oneof(
  fc.tuple(
    fc.oneof(entry(1, 31), fc.constantFrom('L', 'LW', 'L-2', '1W', '15W', '31W', 'L,1')),
    fc.constant('?'),
  ),
  fc.tuple(
    fc.constant('?'),
    fc.oneof(
      fc.constantFrom('*', 'MON-FRI', 'SAT-MON', 'L', '6L', 'SUNL', '1#1', '2#5', '4#3', 'SUN,WED', '2-4'),
      fc.integer({ min: 1, max: 7 }).map(String),
    ),
  ),
);

const anyFields = fc
  .tuple(entry(0, 59), entry(0, 23), days, fc.oneof({ weight: 4, arbitrary: fc.constant('*') }, entry(1, 12)))
  .map(([minutes, hours, [day, weekday], month]) => `${minutes} ${hours} ${day} ${month} ${weekday} *`);

const anyZone = fc.constantFrom(...ZONES);
const anyInstant = fc.integer({ min: FIRST, max: LAST });
const SEED = 20_261_122;

/** Near a change of the clock, if the zone has any, else anywhere. */
const anyMoment = anyZone.chain((zone) => {
  const changes = changesOf(zone);
  const near = changes.length === 0 ? anyInstant : fc.constantFrom(...changes);
  return fc.tuple(fc.constant(zone), near, fc.integer({ min: -30 * HOUR, max: 2 * HOUR }));
});

describe('a cron in any zone', () => {
  it('is what the clock shows, minute by minute, around changes of the clock', () => {
    fc.assert(
      fc.property(anyFields, anyMoment, (fields, [zone, moment, offset]) => {
        const [after, upTo] = [moment + offset, moment + offset + 36 * HOUR];
        const schedule = cron(fields, zone);
        const expected = oracleInstants(fields, zone, [after, upTo]);
        const slots = nextSlots(schedule, after, expected.length + 1).filter((slot) => slot <= upTo);

        expect(slots).toEqual(expected);
        expect(schedule.count(after, upTo)).toBe(expected.length);
        expect(schedule.prev(upTo) ?? -Infinity).toBe(
          expected.length > 0 ? expected.at(-1) : (schedule.prev(after) ?? -Infinity),
        );
      }),
      { seed: SEED, numRuns: 100 },
    );
  }, 120_000);

  it('goes forward strictly, back to where it came from, and counts each step as one', () => {
    fc.assert(
      fc.property(anyFields, anyZone, anyInstant, (fields, zone, start) => {
        const schedule = cron(fields, zone);
        const slots = nextSlots(schedule, start, 40);
        let before = start;
        for (const [i, slot] of slots.entries()) {
          expect(slot).toBeGreaterThan(before);
          expect(schedule.prev(slot)).toBe(slot);
          expect(schedule.prev(slot - 1) ?? start).toBe(i === 0 ? (schedule.prev(start) ?? start) : before);
          expect(schedule.count(start, slot)).toBe(i + 1);
          expect(schedule.next(slot - 1)).toBe(slot);
          before = slot;
        }
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it('counts parts as it counts the whole', () => {
    const span = fc.integer({ min: 0, max: 3_000 * DAY });
    fc.assert(
      fc.property(anyFields, anyZone, fc.tuple(anyInstant, span, span), (fields, zone, [from, a, b]) => {
        const schedule = cron(fields, zone);

        expect(schedule.count(from, from + a) + schedule.count(from + a, from + a + b)).toBe(
          schedule.count(from, from + a + b),
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

describe('the zones of the platform', () => {
  it('are read as the platform shows them, at every hour of years with changes', () => {
    const wrong: string[] = [];
    for (const zone of ZONES) {
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      const utc = new Intl.DateTimeFormat('en-US', {
        timeZone: 'UTC',
        hourCycle: 'h23',
        dateStyle: 'short',
        timeStyle: 'medium',
      });
      for (const year of [1971, 1993, 2000, 2010, 2011, 2018, 2026, 2087, 2150])
        for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 7 * HOUR)
          if (format.format(at) !== utc.format(at + zoneOf(zone).stretchAt(at).offset))
            wrong.push(`${zone} ${at}`);
    }

    expect(wrong).toEqual([]);
  });

  it('keep every local time once, in order', () => {
    for (const zone of ZONES) {
      let stretch = zoneOf(zone).stretchAt(FIRST);
      while (stretch.to < LAST) {
        const next = zoneOf(zone).stretchAt(stretch.to);
        expect(next.gapFrom).toBeGreaterThanOrEqual(stretch.wallTo);
        expect(next.wallFrom).toBeGreaterThanOrEqual(next.gapFrom);
        // Casablanca's first hour of winter at the end of 1985 showed nothing that had not been shown.
        expect(next.wallTo).toBeGreaterThanOrEqual(next.wallFrom);
        stretch = next;
      }
    }
  });
});
