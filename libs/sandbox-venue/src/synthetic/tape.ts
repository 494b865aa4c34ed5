import { HOUR, MINUTE } from '../intervals.ts';
import type { MinuteSums } from './bar.ts';
import { mix, streamKey, unit } from './hash.ts';
import { buyerTakes, offsetOf, priceOf, quantityOf, sumPrints } from './minute.ts';
import type { MinuteShape } from './minute.ts';
import type { SyntheticSymbol } from './symbols.ts';

/** An aggregate trade in whole numbers: price in ticks, quantity in steps. */
export interface Print {
  readonly id: number;
  readonly time: number;
  readonly price: number;
  readonly quantity: number;
  readonly buyerTakes: boolean;
}

/** What is decided for an hour before its prints are looked at. */
export interface HourPlan {
  readonly hour: number;
  /** Price in ticks at each minute's beginning; place 60 is the next hour's beginning. */
  readonly ticks: Float64Array;
  /** How many prints of the hour precede each minute. */
  readonly before: Int32Array;
}

const OCTAVES = 16;
const HOURLY_SWING = 0.005;
/** Growth of the swing per doubling of the period; below 0.5, so that the path stays bounded. */
const ROUGHNESS = 0.42;
const MINUTE_SWING = 0.0009;
const MINUTES = 60;

/**
 * The trades of one symbol as a pure function of (seed, symbol, time). The logarithm of the price is value noise of
 * sixteen octaves, from an hour to about four years, and a random bridge through the minutes of each hour. An hour has
 * a fixed number of prints, so identifiers are contiguous and any of them is found without walking from the listing.
 * The first minute of every hour has a print, and a minute's first print falls on its first millisecond.
 */
export class Tape {
  readonly spec: SyntheticSymbol;
  readonly firstHour: number;
  readonly #octaves: readonly Octave[];
  readonly #stepKey: number;
  readonly #crowdKey: number;
  readonly #printKey: number;
  readonly #tradeKey: number;
  readonly #meanQuantity: number;
  readonly #logBase: number;

  /** Throws if the symbol's grids are finer than the wire can print. */
  constructor(seed: string | number, spec: SyntheticSymbol) {
    if (spec.tickDecimals + spec.stepDecimals > 8)
      throw new Error(`${spec.symbol}: more than eight decimals`);
    const key = (stream: string, index = 0): number => streamKey(seed, spec.symbol, stream, index);
    this.spec = spec;
    this.firstHour = Math.floor(spec.listedAt / HOUR);
    this.#octaves = Array.from({ length: OCTAVES }, (_, octave) => ({
      key: key('octave', octave),
      period: 2 ** octave,
      swing: HOURLY_SWING * 2 ** (octave * ROUGHNESS),
    }));
    this.#stepKey = key('step');
    this.#crowdKey = key('crowd');
    this.#printKey = key('print');
    this.#tradeKey = key('trade');
    this.#meanQuantity = (spec.minuteVolume * 10 ** spec.stepDecimals * MINUTES) / spec.printsPerHour;
    this.#logBase = Math.log(spec.basePrice * 10 ** spec.tickDecimals);
  }

  plan(hour: number): HourPlan {
    return { hour, ticks: this.#ticks(hour), before: this.#before(hour) };
  }

  /** The identifier of the hour's first print; the listing hour begins with 0. */
  firstId(hour: number): number {
    return (hour - this.firstHour) * this.spec.printsPerHour;
  }

  /** The identifier of the first trade behind print `id`; its last is one before that of the next print. */
  firstTradeId(id: number): number {
    return id * this.spec.tradesPerPrint + (mix(this.#tradeKey, id) % this.spec.tradesPerPrint);
  }

  /** Adds up a minute's prints whose offset lies in [from, before), in milliseconds; undefined if there are none. */
  sum(plan: HourPlan, minute: number, from: number, before: number): MinuteSums | undefined {
    const key = this.#minuteKey(plan, minute);
    const shape = this.#shape(plan, minute);
    let first = 0;
    while (first < shape.count && offsetOf(shape, first, mix(key, first)) < from) first += 1;
    let end = before < MINUTE ? first : shape.count;
    while (end < shape.count && offsetOf(shape, end, mix(key, end)) < before) end += 1;
    if (end === first) return undefined;
    const id = this.firstId(plan.hour) + at(plan.before, minute);
    return sumPrints(shape, key, first, end, this.firstTradeId(id + end) - this.firstTradeId(id + first));
  }

  /** The prints of a minute in order. */
  prints(plan: HourPlan, minute: number): Print[] {
    const key = this.#minuteKey(plan, minute);
    const shape = this.#shape(plan, minute);
    const id = this.firstId(plan.hour) + at(plan.before, minute);
    const opening = plan.hour * HOUR + minute * MINUTE;
    return Array.from({ length: shape.count }, (_, index) => {
      const hash = mix(key, index);
      return {
        id: id + index,
        time: opening + offsetOf(shape, index, hash),
        price: priceOf(shape, index, hash),
        quantity: quantityOf(shape, hash),
        buyerTakes: buyerTakes(hash) === 1,
      };
    });
  }

  #minuteKey(plan: HourPlan, minute: number): number {
    return mix(this.#printKey, plan.hour * MINUTES + minute);
  }

  #shape(plan: HourPlan, minute: number): MinuteShape {
    const mood = unit(this.#crowdKey, plan.hour * MINUTES + minute);
    const count = at(plan.before, minute + 1) - at(plan.before, minute);
    const start = at(plan.ticks, minute);
    return {
      count,
      start,
      slope: (at(plan.ticks, minute + 1) - start) / Math.max(1, count - 1),
      quantity: this.#meanQuantity * (0.25 + 3 * mood * mood * mood),
    };
  }

  #ticks(hour: number): Float64Array {
    const path = new Float64Array(MINUTES + 1);
    for (let minute = 0; minute < MINUTES; minute += 1) {
      const step = (unit(this.#stepKey, hour * MINUTES + minute) * 2 - 1) * MINUTE_SWING;
      path[minute + 1] = at(path, minute) + step;
    }
    const start = this.#logPrice(hour);
    const slope = (this.#logPrice(hour + 1) - start - at(path, MINUTES)) / MINUTES;
    for (let minute = 0; minute <= MINUTES; minute += 1) {
      path[minute] = Math.max(1, Math.round(Math.exp(start + slope * minute + at(path, minute))));
    }
    return path;
  }

  #logPrice(hour: number): number {
    let sum = this.#logBase;
    for (const { key, period, swing } of this.#octaves) {
      const place = (hour + (key & 0xffff)) / period;
      const cell = Math.floor(place);
      const part = place - cell;
      const left = unit(key, cell);
      const value = left + (unit(key, cell + 1) - left) * part * part * (3 - 2 * part);
      sum += (value * 2 - 1) * swing;
    }
    return sum;
  }

  /** Shares the hour's prints among its minutes, one of them always to the first. */
  #before(hour: number): Int32Array {
    const sums = new Int32Array(MINUTES + 1);
    for (let minute = 0; minute < MINUTES; minute += 1) {
      sums[minute + 1] = at(sums, minute) + 1 + (mix(this.#crowdKey, hour * MINUTES + minute) & 3);
    }
    const shared = this.spec.printsPerHour - 1;
    const total = at(sums, MINUTES);
    for (let minute = 1; minute <= MINUTES; minute += 1) {
      sums[minute] = 1 + Math.floor((shared * at(sums, minute)) / total);
    }
    return sums;
  }
}

interface Octave {
  readonly key: number;
  readonly period: number;
  readonly swing: number;
}

const at = (values: Float64Array | Int32Array, index: number): number => values[index] ?? 0;
