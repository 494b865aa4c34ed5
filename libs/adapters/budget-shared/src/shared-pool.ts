import { RateLimitedError } from '@kairos/domain';
import type { Clock, VenueBudget } from '@kairos/ports';
import {
  banLeft,
  freshItem,
  isOpen,
  LONGEST_BAN_MS,
  planLease,
  windowAt,
  type LeaseAsk,
  type LeasePlan,
  type LeaseRules,
  type Told,
} from './lease.ts';
import type { Ledger } from './ledger.ts';
import { LiveReserve, releasedAt } from './live-reserve.ts';
import { WaitQueue, type Waiter } from './wait-queue.ts';

type Take = Parameters<VenueBudget['take']>[0];
type Wanted = Pick<Take, 'weight' | 'priority'>;

/** Weight leased in the window `win`: what of it is not spent yet, and all of it. */
interface Block {
  readonly win: number;
  readonly left: number;
  readonly leased: number;
}

export interface PoolDeps {
  /** `binance/api`: for messages. */
  readonly pool: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** How long leased weight may be spent without looking whether the venue was found to refuse meanwhile. */
  readonly trustMs: number;
  /** Leases from the store; false: weight is counted here alone, and only bans are shared. */
  readonly leased: boolean;
}

/** Counts told in the first part of a window may be of the one before. At most this long. */
const START_GUARD_MS = 2_000;
const START_GUARD_PART = 20;
/** Weights may have fractions, and sums of those are off by so much. */
const ROUNDING = 1e-9;

/**
 * One limit pool as one worker sees it. Requests are served one by one, from the block at hand or a new lease; while
 * somebody waits, and only then, one loop runs.
 */
export class SharedPool {
  readonly #deps: PoolDeps;
  readonly #queue = new WaitQueue(() => this.#rest?.abort());
  /** The venue's limit as it was last told: it may change. */
  rules: LeaseRules;
  readonly #reserve = new LiveReserve();
  #block: Block = { win: -1, left: 0, leased: 0 };
  #own = freshItem('own');
  #told: Told | undefined;
  #seenAt = -Infinity;
  #bannedUntil = 0;
  #unpublished = 0;
  #publishing: Promise<void> | undefined;
  #serving = false;
  #rest: AbortController | undefined;

  constructor(rules: LeaseRules, deps: PoolDeps) {
    this.rules = rules;
    this.#deps = deps;
  }

  async take({ weight, priority, signal }: Take, maxWaitMs: number): Promise<void> {
    const now = this.#deps.clock.now();
    if (this.#unpublished > now) this.#publish();
    this.#refuseWhileBanned(now);
    const wanted = { weight, priority };
    if (!this.#queue.isAheadOf(priority) && this.#covers(wanted, now)) return this.#spend(wanted);
    const granted = this.#queue.join({ ...wanted, signal, giveUpAt: now + maxWaitMs });
    this.#rest?.abort();
    if (!this.#serving) void this.#serve();
    return granted;
  }

  /** Kept until the next lease, which is where it matters. */
  observe(used: number): void {
    const now = this.#deps.clock.now();
    const win = windowAt(now, this.rules);
    const guard = Math.min(START_GUARD_MS, this.rules.windowMs / START_GUARD_PART);
    if (now < win * this.rules.windowMs + guard) return;
    this.#told = { win, used, unspent: this.#block.win === win ? this.#block.left : 0 };
  }

  /** Takes effect here at once, and for the other workers as soon as the store took it. */
  ban(until: number): void {
    const now = this.#deps.clock.now();
    const credible = Math.min(until, now + LONGEST_BAN_MS);
    if (!this.#hold(credible, now)) return;
    this.#unpublished = credible;
    this.#queue.refuseAll(this.#banned(now));
    this.#publish();
  }

  /** Resolves when no ban is on its way to the store. */
  async flush(): Promise<void> {
    await this.#publishing;
  }

  /** Never rejects: every failure is an answer to those who wait. */
  async #serve(): Promise<void> {
    this.#serving = true;
    try {
      for (let head = this.#queue.head(); head; head = this.#queue.head()) await this.#serveOne(head);
    } catch (error) {
      this.#queue.refuseAll(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#serving = false;
    }
  }

  async #serveOne(head: Waiter): Promise<void> {
    const now = this.#deps.clock.now();
    this.#refuseWhileBanned(now);
    if (this.#covers(head, now)) {
      this.#spend(head);
      head.grant();
      return;
    }
    const notBefore = await this.#acquire(head, now);
    // Meanwhile a live request may have come, or this one gone: what was refused to it says nothing of the others.
    if (notBefore === undefined || this.#queue.head() !== head) return;
    const waitMs = notBefore - this.#deps.clock.now();
    const why = `the budget of ${this.#deps.pool} is used up for this window`;
    this.#queue.refuseBefore(notBefore, new RateLimitedError(why, waitMs));
    if (this.#queue.head()) await this.#sleep(waitMs);
  }

  /** Brings the block nearer to covering what is wanted. When to look again, if that was refused. */
  async #acquire({ weight, priority }: Wanted, now: number): Promise<number | undefined> {
    const win = windowAt(now, this.rules);
    if (this.#block.win !== win) this.#block = { win, left: 0, leased: 0 };
    const kept = this.#reserve.keptFrom(priority, this.rules, now);
    const need = Math.max(0, weight + kept - this.#block.left);
    const enough = need <= ROUNDING && isOpen(win, this.rules, now);
    if (!this.#isFresh(now) && (enough || !this.#deps.leased)) return this.#look(now);
    const told = this.#told;
    const plan = await this.#lease({ weight, need, mine: this.#block.leased, told });
    if (this.#told === told) this.#told = undefined;
    this.#seenAt = now;
    if (plan.outcome === 'refused') {
      // What is kept for live may serve later on, unless it is too little.
      return kept < weight ? plan.notBefore : Math.min(plan.notBefore, releasedAt(this.rules, now));
    }
    if (plan.outcome === 'banned') this.#hold(plan.until, now);
    else this.#add(plan.item.win, plan.weight);
    return undefined;
  }

  /** Whether the venue was found to refuse by another worker. */
  async #look(now: number): Promise<undefined> {
    const item = await this.#deps.ledger.read();
    this.#seenAt = now;
    this.#hold(item.banUntil, now);
  }

  async #lease(ask: LeaseAsk): Promise<LeasePlan> {
    if (this.#deps.leased) return this.#deps.ledger.lease(ask, this.rules);
    const plan = planLease(this.#own, { ...ask, mine: 0 }, this.rules, this.#deps.clock.now());
    this.#own = plan.item;
    return plan;
  }

  #add(win: number, weight: number): void {
    const { left, leased } = this.#block.win === win ? this.#block : { left: 0, leased: 0 };
    this.#block = { win, left: left + weight, leased: leased + weight };
  }

  #spend({ weight, priority }: Wanted): void {
    this.#reserve.spent(weight, priority, this.#block.win);
    this.#block = { ...this.#block, left: Math.max(0, this.#block.left - weight) };
  }

  #covers({ weight, priority }: Wanted, now: number): boolean {
    const { win, left } = this.#block;
    if (!isOpen(win, this.rules, now) || !this.#isFresh(now)) return false;
    return left - this.#reserve.keptFrom(priority, this.rules, now) >= weight - ROUNDING;
  }

  #isFresh(now: number): boolean {
    return now >= this.#seenAt && now - this.#seenAt < this.#deps.trustMs;
  }

  /** Until the time is up, or the queue has changed. */
  async #sleep(ms: number): Promise<void> {
    const rest = new AbortController();
    this.#rest = rest;
    try {
      await this.#deps.clock.sleep(Math.max(1, Math.ceil(ms)), rest.signal);
    } catch (error) {
      if (!rest.signal.aborted) throw error;
    } finally {
      this.#rest = undefined;
    }
  }

  /** What could not be written is kept, and tried again with the next request: none leaves before the ban is over. */
  #publish(): void {
    this.#publishing ??= this.#publishAll()
      .catch(() => undefined)
      .finally(() => {
        this.#publishing = undefined;
      });
  }

  async #publishAll(): Promise<void> {
    while (this.#unpublished > 0) {
      const until = this.#unpublished;
      await this.#deps.ledger.ban(until);
      if (this.#unpublished === until) this.#unpublished = 0;
    }
  }

  /** Bans only grow: whether this one lasts longer than the one that stands. */
  #hold(until: number, now: number): boolean {
    const longer = banLeft(until, now) > banLeft(this.#bannedUntil, now);
    if (longer) this.#bannedUntil = until;
    return longer;
  }

  #refuseWhileBanned(now: number): void {
    if (banLeft(this.#bannedUntil, now) > 0) throw this.#banned(now);
  }

  #banned(now: number): RateLimitedError {
    const { pool } = this.#deps;
    return new RateLimitedError(
      `${pool} is paused: the venue refuses requests`,
      banLeft(this.#bannedUntil, now),
    );
  }
}
