import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clipPart,
  coalesceRuns,
  emptyPart,
  hasRows,
  isEmptyRange,
  layoutOf,
  mergeParts,
  reviseRows,
  rowsOf,
  type CoverageRun,
  type Part,
  type Row,
  type Series,
  type TimeRange,
} from '@kairos/domain';
import type { SeriesStore } from '@kairos/ports';
import { aPart, aSeries, emptyPartOf, klineRow, T0 } from '../builders.ts';
import { onFresh } from './bench.ts';
import { contentOf, EVER, MINUTE, type SeriesOptions } from './series-samples.ts';

/** A kind of series to play with: places in time, and the rows that may stand at one. */
interface Field {
  readonly series: Series;
  readonly places: number;
  timeOf(place: number): number;
  rowsAt(place: number, seed: number): readonly Row[];
}

const FIELDS: readonly Field[] = [
  {
    series: aSeries(),
    places: 2_000,
    timeOf: (place) => T0 + place * MINUTE,
    rowsAt: (place, seed) => [klineRow(T0 + place * MINUTE, seed)],
  },
  {
    series: aSeries({ dataType: 'trade' }),
    places: 700,
    timeOf: (place) => T0 + place * 10_000,
    rowsAt: (place, seed) =>
      Array.from({ length: (place * 7) % 4 }, (_, i) => ({
        ts: T0 + place * 10_000 + (i >> 1),
        tie: `${i}`,
        values: [String(100 + place), String(seed + 1), null],
      })),
  },
];

type Command =
  | { readonly do: 'commit'; readonly stretches: readonly Stretch[]; readonly seed: number }
  | { readonly do: 'revise'; readonly place: number; readonly from: number; readonly to: number }
  | { readonly do: 'compact'; readonly settled: number; readonly maxRows: number }
  | { readonly do: 'read'; readonly from: number; readonly length: number };

interface Stretch {
  readonly skip: number;
  readonly length: number;
  readonly facts: Omit<CoverageRun, 'from' | 'to'>;
}

const facts: fc.Arbitrary<Stretch['facts']> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ state: 'present' as const }) },
  { weight: 2, arbitrary: fc.nat(3).map((at) => ({ state: 'provisional' as const, at })) },
  fc.nat(2).map((n) => ({ state: 'empty' as const, evidence: `e${n}`, grade: n })),
  fc.constant({ state: 'unavailable' as const, reason: 'look_back' }),
  fc.nat(3).map((attempts) => ({ state: 'failed' as const, attempts, error: 'SOURCE_UNAVAILABLE' })),
  fc.nat(3).map((attempts) => ({ state: 'provisional' as const, reason: 'unconfirmed', attempts })),
);

const commands = (places: number): fc.Arbitrary<Command[]> => {
  const stretch = fc.record({
    skip: fc.oneof(fc.constant(0), fc.nat(places >> 1)),
    length: fc.oneof(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 20, max: 60 }),
      fc.integer({ min: 1, max: places }),
    ),
    facts,
  });
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('commit' as const),
        stretches: fc.array(stretch, { minLength: 1, maxLength: 4 }),
        seed: fc.nat(1),
      }),
    },
    fc.record({
      do: fc.constant('revise' as const),
      place: fc.nat(places >> 1),
      from: fc.nat(1),
      to: fc.nat(3),
    }),
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('compact' as const),
        settled: fc.nat(places),
        maxRows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 900 })),
      }),
    },
    fc.record({ do: fc.constant('read' as const), from: fc.nat(places), length: fc.nat(places) }),
  );
  return fc.array(command, { minLength: 3, maxLength: 14 });
};

function partOf(field: Field, stretches: readonly Stretch[], seed: number): Part {
  const rows: Row[] = [];
  const runs: CoverageRun[] = [];
  let place = 0;
  for (const { skip, length, facts: known } of stretches) {
    const start = Math.min(place + skip, field.places);
    const end = Math.min(start + length, field.places);
    const run = { ...known, from: field.timeOf(start), to: field.timeOf(end) };
    runs.push(run);
    if (hasRows(run)) for (let p = start; p < end; p += 1) rows.push(...field.rowsAt(p, seed));
    place = end;
  }
  return aPart(field.series, rows, coalesceRuns(runs));
}

/** The store and the model side by side: every answer of one must be the other's. */
class Twin {
  readonly #store: SeriesStore;
  readonly #field: Field;
  readonly #type: ReturnType<typeof layoutOf>['type'];
  #model: Part;

  constructor(store: SeriesStore, field: Field) {
    this.#store = store;
    this.#field = field;
    this.#type = layoutOf(field.series).type;
    this.#model = emptyPart(this.#type);
  }

  async play(command: Command): Promise<void> {
    const { timeOf, series } = this.#field;
    if (command.do === 'commit') await this.#commit(partOf(this.#field, command.stretches, command.seed));
    else if (command.do === 'revise') await this.#revise(command.place, command.from, command.to);
    else if (command.do === 'read')
      await this.check({ from: timeOf(command.from), to: timeOf(command.from + command.length) });
    else await this.#store.compact({ settledBefore: timeOf(command.settled), maxRows: command.maxRows });
    expect(await this.#store.getSeries({ key: series.key })).toEqual(series);
  }

  async check(range: TimeRange): Promise<void> {
    const part = clipPart(this.#model, range);
    const content = await contentOf(this.#store, this.#field.series.key, range);
    expect(content.runs).toEqual(part.runs.filter((r) => !isEmptyRange(r)));
    expect(content.rows).toEqual([...rowsOf(part.batch)]);
  }

  async #commit(part: Part): Promise<void> {
    const wanted = mergeParts(this.#type, this.#model, part);
    const answer = await this.#store.commit({ series: this.#field.series, part });
    expect(answer).toEqual({ changed: wanted.changed, conflicts: wanted.conflicts, revised: [] });
    this.#model = wanted.part;
  }

  async #revise(place: number, from: number, to: number): Promise<void> {
    const { series, rowsAt } = this.#field;
    const next = rowsAt(place, to + 10);
    const revisions = rowsAt(place, from).flatMap((row, i) => {
      const other = next[i];
      return other ? [{ from: row, to: other, reason: 'restated', at: place }] : [];
    });
    const wanted = reviseRows(this.#type, this.#model, revisions);
    const answer = await this.#store.commit({ series, part: emptyPartOf(series), revisions });
    expect(answer).toEqual({ changed: wanted.applied.length > 0, conflicts: [], revised: wanted.applied });
    this.#model = wanted.part;
  }
}

/** Any sequence of commits, revisions, compactions and reads equals the same on one big part in memory. */
export function seriesModelCases(options: SeriesOptions): void {
  describe('any sequence of calls', () => {
    it.each(FIELDS.map((f) => [f.series.dataType, f] as const))(
      'leaves what the merge of one big %s part would',
      async (_, field) => {
        await fc.assert(
          fc.asyncProperty(commands(field.places), async (list) => {
            await onFresh(options, async ({ store }) => {
              await store.ensureSeries({ series: field.series });
              const twin = new Twin(store, field);
              for (const command of list) await twin.play(command);
              await twin.check(EVER);
            })();
          }),
          { seed: 20_240_101, numRuns: 40 },
        );
      },
    );
  });
}
