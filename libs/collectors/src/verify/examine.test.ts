import { batchOfRows, gridOf, KLINE, type RecordBatch, type Row } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateDefects } from './locate-defects.ts';
import { examine, type Witness, type Window } from './window.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2024, 0, 1);
const SLOTS = 60;

interface Trade {
  readonly minute: number;
  readonly cents: number;
  readonly steps: number;
}

const COMMON = { seed: 11, numRuns: 100 } as const;
const cents = (n: number): string => (n / 100).toFixed(2);

/** Trades of an hour, at least one in every minute. */
const trades = fc
  .array(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9_999 }), fc.integer({ min: 1, max: 500 })), {
      minLength: 1,
      maxLength: 4,
    }),
    {
      minLength: SLOTS,
      maxLength: SLOTS,
    },
  )
  .map((minutes) =>
    minutes.flatMap((ts, minute) => ts.map(([price, steps]): Trade => ({ minute, cents: price, steps }))),
  );

/** The bars that a truthful venue makes of trades. */
function barsOf(all: readonly Trade[], minutes: number): Row[] {
  const rows: Row[] = [];
  for (let from = 0; from < SLOTS; from += minutes) {
    const inside = all.filter((t) => t.minute >= from && t.minute < from + minutes);
    const prices = inside.map((t) => t.cents);
    const [volume, quote] = inside.reduce(([v, q], t) => [v + t.steps, q + t.steps * t.cents], [0, 0]);
    rows.push({
      ts: T0 + from * MINUTE,
      values: [
        cents(prices[0] ?? 0),
        cents(Math.max(...prices)),
        cents(Math.min(...prices)),
        cents(prices.at(-1) ?? 0),
        (volume / 1_000).toFixed(3),
        (quote / 100_000).toFixed(5),
        inside.length,
      ],
    });
  }
  return rows;
}

const batch = (rows: readonly Row[]): RecordBatch => batchOfRows(KLINE, rows);

function witness(by: string, rows: readonly Row[], relation: Witness['relation'] = 'coarser'): Witness {
  const testimony = { batches: [batch(rows)], spoken: [{ from: T0, to: T0 + SLOTS * MINUTE }], reads: [] };
  return { relation, by, sameExchange: true, grid: gridOf(by === 'mirror' ? '1m' : by), testimony };
}

/** The hour as stored; slots without a row are known to be empty. */
function windowOf(rows: readonly Row[], witnesses: readonly Witness[]): Window {
  const there = new Set(rows.map((r) => r.ts));
  const runs = Array.from({ length: SLOTS }, (_, i) => {
    const from = T0 + i * MINUTE;
    return { from, to: from + MINUTE, state: there.has(from) ? ('present' as const) : ('empty' as const) };
  });
  const range = { from: T0, to: T0 + SLOTS * MINUTE };
  return {
    ...range,
    grid: gridOf('1m'),
    batches: [batch(rows)],
    runs,
    expected: [range],
    witnesses,
    baseVolume: true,
  };
}

const coarser = (all: readonly Trade[]): Witness[] => [
  witness('5m', barsOf(all, 5)),
  witness('1h', barsOf(all, 60)),
];
const located = (window: Window) => locateDefects(examine(window));
const altered = (row: Row, place: number, value: string | number): Row => ({
  ...row,
  values: row.values.with(place, value),
});
const holding = (found: ReturnType<typeof located>, slot: number) =>
  found.defects.filter((d) => d.from <= T0 + slot * MINUTE && T0 + slot * MINUTE < d.to);
const slot = fc.integer({ min: 0, max: SLOTS - 1 });

describe('holding bars against other accounts', () => {
  it('has nothing to say of true bars', () => {
    fc.assert(
      fc.property(trades, (all) => {
        const mirror = witness('mirror', barsOf(all, 1), 'second');
        expect(located(windowOf(barsOf(all, 1), [...coarser(all), mirror]))).toEqual({
          defects: [],
          odd: [],
        });
      }),
      COMMON,
    );
  });

  it('finds one wrong volume, quote volume or trade count, and nothing besides', () => {
    fc.assert(
      fc.property(trades, slot, fc.constantFrom(4, 5, 6), (all, at, place) => {
        const rows = barsOf(all, 1);
        const row = rows[at] ?? { ts: 0, values: [] };
        const twice = place === 6 ? Number(row.values[6]) * 2 : String(Number(row.values[place]) * 2);
        const found = located(windowOf(rows.with(at, altered(row, place, twice)), coarser(all)));

        expect(found.defects).toHaveLength(1);
        expect(holding(found, at)).toHaveLength(1);
      }),
      COMMON,
    );
  });

  it('finds one high that is too high and one low that is too low, at their very slots', () => {
    fc.assert(
      fc.property(trades, slot, fc.boolean(), (all, at, up) => {
        const rows = barsOf(all, 1);
        const row = rows[at] ?? { ts: 0, values: [] };
        const wrong = altered(row, up ? 1 : 2, up ? '100' : '0.001');
        const [defect, ...more] = located(windowOf(rows.with(at, wrong), coarser(all))).defects;

        expect(more).toEqual([]);
        expect(defect).toMatchObject({ from: row.ts, to: row.ts + MINUTE, code: 'coarser_differs' });
      }),
      COMMON,
    );
  });

  it('finds a wrong close where a longer bar closes, and everywhere with a mirror', () => {
    fc.assert(
      fc.property(trades, slot, fc.boolean(), (all, at, mirrored) => {
        const rows = barsOf(all, 1);
        const row = rows[at] ?? { ts: 0, values: [] };
        const { values } = row;
        fc.pre(values[1] !== values[3]);
        const told = rows.with(at, altered(row, 3, String(values[1])));
        const seen = located(windowOf(told, coarser(all)));
        const others = mirrored ? [witness('mirror', rows, 'second')] : [];
        const sure = located(windowOf(told, [...coarser(all), ...others]));

        expect(seen.defects).toHaveLength(at % 5 === 4 ? 1 : 0);
        if (mirrored) expect(sure.defects).toMatchObject([{ from: row.ts, to: row.ts + MINUTE }]);
      }),
      COMMON,
    );
  });

  it('names the bar that is hidden', () => {
    fc.assert(
      fc.property(trades, slot, (all, at) => {
        const rows = barsOf(all, 1);
        const { defects } = located(windowOf(rows.toSpliced(at, 1), coarser(all)));
        const ts = T0 + at * MINUTE;

        expect(defects).toMatchObject([{ code: 'absence_contradicted', from: ts, to: ts + MINUTE }]);
      }),
      COMMON,
    );
  });

  it('clears our bars where a longer bar is alone with what it says', () => {
    fc.assert(
      fc.property(trades, (all) => {
        const hour = barsOf(all, 60).map((row) => altered(row, 4, '9999'));
        const witnesses = [witness('5m', barsOf(all, 5)), witness('1h', hour)];
        const found = located(windowOf(barsOf(all, 1), witnesses));

        expect(found.defects).toEqual([]);
        expect(found.odd).toMatchObject([{ by: '1h' }]);
      }),
      COMMON,
    );
  });

  it('does not take bars that the other lacks for a defect of ours', () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 0, max: 11 }), (all, gone) => {
        const five = witness('5m', barsOf(all, 5).toSpliced(gone, 1));
        const examined = examine(windowOf(barsOf(all, 1), [five]));

        expect(locateDefects(examined).defects).toEqual([]);
        expect(examined.hearings).toMatchObject([{ compared: 55, lacking: 5 }]);
      }),
      COMMON,
    );
  });

  it('tells two defects of one longer bar apart', () => {
    const all = Array.from({ length: SLOTS }, (_, minute): Trade => ({
      minute,
      cents: 100 + minute,
      steps: 10,
    }));
    const rows = barsOf(all, 1);
    const told = rows.flatMap((row, i) => (i === 7 ? [] : i === 31 ? [altered(row, 4, '7')] : [row]));

    expect(located(windowOf(told, coarser(all))).defects).toMatchObject([
      { code: 'absence_contradicted', from: T0 + 7 * MINUTE, to: T0 + 8 * MINUTE },
      { code: 'quote_volume_differs', from: T0 + 31 * MINUTE, to: T0 + 32 * MINUTE },
    ]);
  });

  it('says what is wrong with a bar by itself', () => {
    const all = Array.from({ length: SLOTS }, (_, minute): Trade => ({ minute, cents: 100, steps: 10 }));
    const rows = barsOf(all, 1)
      .map((row, i) => (i === 1 ? altered(row, 6, 0) : row))
      .map((row, i) => (i === 2 ? altered(row, 1, '0.5') : row))
      .map((row, i) => (i === 3 ? altered(row, 5, '0.5') : row));

    expect(located(windowOf(rows, [])).defects.map((d) => [d.code, (d.from - T0) / MINUTE])).toEqual([
      ['trades_inconsistent', 1],
      ['ohlc_inconsistent', 2],
      ['quote_volume_differs', 3],
    ]);
  });

  it('notes once what another exchange traded while ours had no bars, and as nothing more', () => {
    const all = Array.from({ length: SLOTS }, (_, minute): Trade => ({ minute, cents: 100, steps: 10 }));
    const rows = barsOf(all, 1);
    const elsewhere = {
      ...witness(
        'mirror',
        rows.map((r) => altered(r, 4, '77')),
        'second',
      ),
      sameExchange: false,
    };
    const { defects } = located(windowOf(rows.toSpliced(10, 5), [elsewhere]));

    expect(defects).toMatchObject([
      { code: 'second_source_differs', from: T0 + 10 * MINUTE, to: T0 + 15 * MINUTE },
    ]);
    expect(defects).toHaveLength(1);
  });
});
