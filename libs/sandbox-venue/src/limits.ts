import type { Metering, WeightRefusal } from './dialect.ts';
import { DAY, MINUTE, SECOND } from './intervals.ts';
import type { VenueClock } from './weights.ts';

export interface VenueLimits {
  /** Request weight an address may use in a minute; `off` counts and refuses nothing. Default: the dialect's own, 6,000 for Binance spot. */
  readonly weightPerMinute?: number | 'off';
  /** How many refusals in a row an address may collect before it is banned, and again while banned. Default 10. */
  readonly patience?: number;
}

/** What one address used of one pool in one minute, by the weight clock. */
export interface WeightWindow {
  readonly pool: string;
  readonly address: string;
  /** The first instant of the minute. */
  readonly start: number;
  /** Weight of the requests that were let in: never more than the limit. */
  readonly used: number;
  /** Requests refused with 429 or 418. */
  readonly refused: number;
}

export interface WeightCounts {
  /** The latest minutes in which requests came, oldest first; at most 1,440. */
  readonly windows: readonly WeightWindow[];
  readonly refused429: number;
  readonly refused418: number;
}

/** `used` is what the headers say: everything asked for in this minute, refused requests too. */
export interface Verdict {
  readonly used: number;
  readonly refusal: WeightRefusal | undefined;
}

interface Account {
  window: { pool: string; address: string; start: number; used: number; refused: number };
  refusedWeight: number;
  strikes: number;
  bans: number;
  bannedUntil: number;
}

const KEPT_WINDOWS = 1_440;
const FIRST_BAN = 2 * MINUTE;
const LONGEST_BAN = 3 * DAY;

/**
 * Admits requests by weight as Binance states it (Spot API, "Limits"): by address, by minute; 429 over the limit, 418
 * for those who do not stop. The first ban lasts two minutes and each further one twice as long, up to three days.
 */
export class WeightMeter {
  readonly #clock: VenueClock;
  readonly #limits: VenueLimits;
  readonly #accounts = new Map<string, Account>();
  #windows: Account['window'][] = [];
  #refused429 = 0;
  #refused418 = 0;

  constructor(clock: VenueClock, limits: VenueLimits) {
    const { weightPerMinute: limit = 'off' } = limits;
    if (limit !== 'off' && !(limit > 0)) throw new Error(`A weight limit is above zero, not ${limit}`);
    this.#clock = clock;
    this.#limits = limits;
  }

  /** What the dialect should state as its limit; its own while limits are off. */
  limitOf(metering: Metering): number {
    const { weightPerMinute = metering.weightPerMinute } = this.#limits;
    return weightPerMinute === 'off' ? metering.weightPerMinute : weightPerMinute;
  }

  admit(metering: Metering, address: string, weight: number): Verdict {
    const now = this.#clock.now();
    const account = this.#accountOf(metering.pool, address, now);
    const { window } = account;
    const off = this.#limits.weightPerMinute === 'off';
    const banned = now < account.bannedUntil;
    if (off || (!banned && window.used + weight <= this.limitOf(metering))) {
      window.used += weight;
      if (window.refused === 0) account.strikes = 0;
      return { used: window.used + account.refusedWeight, refusal: undefined };
    }
    window.refused += 1;
    account.refusedWeight += weight;
    return { used: window.used + account.refusedWeight, refusal: this.#refuse(account, metering, now) };
  }

  counts(): WeightCounts {
    return {
      windows: this.#windows.slice(-KEPT_WINDOWS).map((window) => ({ ...window })),
      refused429: this.#refused429,
      refused418: this.#refused418,
    };
  }

  #refuse(account: Account, metering: Metering, now: number): WeightRefusal {
    account.strikes += 1;
    if (account.strikes > (this.#limits.patience ?? 10)) {
      account.bannedUntil = now + Math.min(FIRST_BAN * 2 ** account.bans, LONGEST_BAN);
      account.bans += 1;
      account.strikes = 0;
    }
    const banned = now < account.bannedUntil;
    if (banned) this.#refused418 += 1;
    else this.#refused429 += 1;
    const until = banned ? account.bannedUntil : account.window.start + MINUTE;
    return {
      weightPerMinute: this.limitOf(metering),
      retryAfterSeconds: Math.ceil((until - now) / SECOND),
      bannedUntil: banned ? until : undefined,
    };
  }

  #accountOf(pool: string, address: string, now: number): Account {
    const start = Math.floor(now / MINUTE) * MINUTE;
    const key = `${pool} ${address}`;
    const known = this.#accounts.get(key);
    if (known?.window.start === start) return known;
    const window = { pool, address, start, used: 0, refused: 0 };
    if (this.#windows.length >= 2 * KEPT_WINDOWS) this.#windows = this.#windows.slice(-KEPT_WINDOWS);
    this.#windows.push(window);
    const account = known ?? { window, refusedWeight: 0, strikes: 0, bans: 0, bannedUntil: 0 };
    account.window = window;
    account.refusedWeight = 0;
    this.#accounts.set(key, account);
    return account;
  }
}
