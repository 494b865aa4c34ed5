import type { DecimalColumn, IntColumn } from '@kairos/domain';
import { FORECAST, foretell, type Lane } from './forecast.ts';
import { corrupt } from './frame.ts';
import { sums } from './integer-list.ts';
import type { StoredNumbers } from './numbers.ts';
import { KIND } from './section.ts';

type Ints = Float64Array | BigInt64Array;

/** Puts present values back on their rows. */
function scatter(values: Ints, { n, rows }: StoredNumbers): Ints {
  if (!rows) return values;
  if (values instanceof BigInt64Array) {
    const out = new BigInt64Array(n);
    for (let k = 0; k < rows.length; k += 1) out[rows[k] ?? 0] = values[k] ?? 0n;
    return out;
  }
  const out = new Float64Array(n);
  for (let k = 0; k < rows.length; k += 1) out[rows[k] ?? 0] = values[k] ?? 0;
  return out;
}

/** In place: nobody else holds the differences. */
function plus(rest: Float64Array, foretold: Float64Array, rows: Int32Array | undefined): Float64Array {
  for (let k = 0; k < rest.length; k += 1) {
    rest[k] = (rest[k] ?? 0) + (foretold[rows ? (rows[k] ?? 0) : k] ?? 0);
  }
  return rest;
}

/** Undoes the forecasts of one batch's columns, each after the columns it was foretold from. */
export class Resolver {
  readonly #stored: readonly (StoredNumbers | undefined)[];
  readonly #time: Lane;
  readonly #done = new Map<number, Ints>();
  readonly #begun = new Set<number>();

  constructor(stored: readonly (StoredNumbers | undefined)[], time: Float64Array) {
    this.#stored = stored;
    this.#time = { ints: time, scale: 0 };
  }

  #storedAt(place: number): StoredNumbers {
    const stored = this.#stored[place];
    if (!stored) throw corrupt('a forecast names no number column');
    return stored;
  }

  /** The integers of the column at this place (from 0), absent rows 0. */
  ints(place: number): Ints {
    const known = this.#done.get(place);
    if (known) return known;
    if (this.#begun.has(place)) throw corrupt('forecasts go round in a circle');
    this.#begun.add(place);
    const stored = this.#storedAt(place);
    const ints = scatter(this.#present(stored, place), stored);
    this.#done.set(place, ints);
    return ints;
  }

  #present(stored: StoredNumbers, place: number): Ints {
    const { forecast, lead, rest, rows } = stored;
    if (rest instanceof BigInt64Array || forecast.kind === FORECAST.none) return rest;
    if (forecast.kind === FORECAST.previous) return (rows?.length ?? stored.n) > 0 ? sums(lead, rest) : rest;
    const [ref = 0] = forecast.refs;
    if (forecast.kind === FORECAST.chain) return this.#braid(place, ref - 1)[0];
    if (
      forecast.kind === FORECAST.same &&
      ref > 0 &&
      this.#storedAt(ref - 1).forecast.kind === FORECAST.chain
    ) {
      return this.#braid(ref - 1, place)[1];
    }
    const lanes = forecast.refs.map((r) => this.#lane(r));
    const foretold = foretell(forecast.kind, lanes, stored.scale);
    if (!foretold) throw corrupt('a forecast does not suit its columns');
    return plus(rest, foretold, rows);
  }

  #lane(ref: number): Lane {
    if (ref === 0) return this.#time;
    const ints = this.ints(ref - 1);
    if (ints instanceof BigInt64Array) throw corrupt('a forecast names a column of 64 bits');
    return { ints, scale: this.#storedAt(ref - 1).scale };
  }

  /** Two columns foretold from each other, row by row: the chain from the other's last row, the other from the chain. */
  #braid(chainAt: number, otherAt: number): readonly [Float64Array, Float64Array] {
    const [chain, other] = [this.#storedAt(chainAt), this.#storedAt(otherAt)];
    const paired = other.forecast.kind === FORECAST.same && other.forecast.refs[0] === chainAt + 1;
    const full = !chain.rows && !other.rows && chain.scale === other.scale;
    if (!paired || !full || chain.rest instanceof BigInt64Array || other.rest instanceof BigInt64Array) {
      throw corrupt('a chained forecast has no partner');
    }
    const first = new Float64Array(chain.n);
    const second = other.rest;
    let before = chain.lead;
    for (let i = 0; i < chain.n; i += 1) {
      first[i] = before += i > 0 ? (chain.rest[i - 1] ?? 0) : 0;
      second[i] = before += second[i] ?? 0;
    }
    this.#done.set(chainAt, first);
    this.#done.set(otherAt, second);
    return [first, second];
  }
}

const MAX_INT = 2 ** 53;

/** Integers of the class the column had: a reader tells 64-bit columns by it. */
function ofClass(ints: Ints, big: boolean): Ints {
  if (ints instanceof BigInt64Array) {
    if (big) return ints;
    return Float64Array.from(ints, (value) => {
      if (value > MAX_INT || value < -MAX_INT) throw corrupt('a number is out of range');
      return Number(value);
    });
  }
  return big ? BigInt64Array.from(ints, BigInt) : ints;
}

/** The column of resolved integers. */
export function columnOf(stored: StoredNumbers, ints: Ints): DecimalColumn | IntColumn {
  const { kind, scale, absence, big } = stored;
  const sized = ofClass(ints, big);
  if (kind === KIND.decimal) {
    const exceptions = absence.exceptions.length > 0 ? new Map(absence.exceptions) : undefined;
    return { kind: 'decimal', scale, ints: sized, nulls: absence.nulls, exceptions };
  }
  if (sized instanceof BigInt64Array) throw corrupt('an integer column of 64 bits');
  return { kind: 'int', ints: sized, nulls: absence.nulls };
}
