import { DAY, HOUR, MINUTE } from '../intervals.ts';
import { barOf, flatBar, joinBars, Tally } from './bar.ts';
import type { Bar } from './bar.ts';
import { Lru } from './lru.ts';
import type { HourPlan, Print, Tape } from './tape.ts';

const DAYS_KEPT = 8_192;
const HOURS_KEPT = 16_384;
const MINUTE_HOURS_KEPT = 64;

/** Bars over any span of a tape, built of days, hours, minutes and single prints, and remembered within bounds. */
export class History {
  readonly tape: Tape;
  readonly #days = new Lru<Bar>(DAYS_KEPT);
  readonly #hours = new Lru<Bar>(HOURS_KEPT);
  readonly #minutes = new Lru<readonly Bar[]>(MINUTE_HOURS_KEPT);
  readonly #plans = new Lru<HourPlan>(MINUTE_HOURS_KEPT);

  constructor(tape: Tape) {
    this.tape = tape;
  }

  get listedAt(): number {
    return this.tape.firstHour * HOUR;
  }

  /** The bar over [from, until), which must hold an instant of trading. Spans longer than a minute start on one. */
  bar(from: number, until: number): Bar {
    const parts: Bar[] = [];
    for (let instant = Math.max(from, this.listedAt); instant < until;) {
      const [part, length] = this.#largestPart(instant, until);
      parts.push(part);
      instant += length;
    }
    return joinBars(parts);
  }

  /** The last print at or before `instant`, which is not before the listing. */
  lastPrint(instant: number): Print {
    const plan = this.#plan(Math.floor(instant / HOUR));
    for (let minute = minuteOf(instant); minute >= 0; minute -= 1) {
      const print = this.tape.prints(plan, minute).findLast((candidate) => candidate.time <= instant);
      if (print !== undefined) return print;
    }
    throw new Error('The first minute of an hour always has a print at its beginning');
  }

  /** At most `limit` prints from identifier `id` on, none later than `until`. */
  printsFrom(id: number, limit: number, until: number): Print[] {
    const found: Print[] = [];
    let hour = this.tape.firstHour + Math.floor(id / this.tape.spec.printsPerHour);
    for (; hour * HOUR <= until && found.length < limit; hour += 1) {
      found.push(...this.#hourPrints(hour).filter((print) => print.id >= id && print.time <= until));
    }
    return found.slice(0, limit);
  }

  #largestPart(instant: number, until: number): readonly [Bar, number] {
    const fits = (length: number): boolean => instant % length === 0 && instant + length <= until;
    if (fits(DAY)) return [this.#day(instant / DAY), DAY];
    if (fits(HOUR)) return [this.#hour(instant / HOUR), HOUR];
    if (fits(MINUTE)) return [this.#minute(instant), MINUTE];
    const end = Math.min(until, Math.floor(instant / MINUTE) * MINUTE + MINUTE);
    return [this.#piece(instant, end), end - instant];
  }

  #day(day: number): Bar {
    return this.#days.get(day, () =>
      joinBars(Array.from({ length: 24 }, (_, index) => this.#foldHour(day * 24 + index))),
    );
  }

  #hour(hour: number): Bar {
    return this.#hours.get(hour, () => this.#foldHour(hour));
  }

  /** Minutes without a print repeat a price of the same hour, so folding the prints equals joining the minutes. */
  #foldHour(hour: number): Bar {
    const plan = this.tape.plan(hour);
    const tally = new Tally();
    for (let minute = 0; minute < 60; minute += 1) {
      const sums = this.tape.sum(plan, minute, 0, MINUTE);
      if (sums !== undefined) tally.add(sums);
    }
    return tally.toBar();
  }

  #minute(instant: number): Bar {
    const hour = Math.floor(instant / HOUR);
    const bar = this.#minutes.get(hour, () => this.#foldMinutes(hour))[minuteOf(instant)];
    if (bar === undefined) throw new Error('An hour has sixty minutes');
    return bar;
  }

  #foldMinutes(hour: number): readonly Bar[] {
    const plan = this.#plan(hour);
    let price = 0;
    return Array.from({ length: 60 }, (_, minute) => {
      const sums = this.tape.sum(plan, minute, 0, MINUTE);
      const bar = sums === undefined ? flatBar(price) : barOf(sums);
      price = bar.close;
      return bar;
    });
  }

  /** A bar over a part of one minute. */
  #piece(from: number, until: number): Bar {
    const plan = this.#plan(Math.floor(from / HOUR));
    const opening = Math.floor(from / MINUTE) * MINUTE;
    const sums = this.tape.sum(plan, minuteOf(from), from - opening, until - opening);
    return sums === undefined ? flatBar(this.lastPrint(from).price) : barOf(sums);
  }

  #hourPrints(hour: number): Print[] {
    const plan = this.#plan(hour);
    return Array.from({ length: 60 }, (_, minute) => this.tape.prints(plan, minute)).flat();
  }

  #plan(hour: number): HourPlan {
    return this.#plans.get(hour, () => this.tape.plan(hour));
  }
}

const minuteOf = (instant: number): number => Math.floor(instant / MINUTE) % 60;
