import type { BudgetScope } from '@kairos/ports';
import { FakeClock, FakeIds } from '@kairos/testkit';
import { StoreError } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { FakeBudgetStore } from './fake-budget-store.test-support.ts';
import { SharedVenueBudget, type SharedVenueBudgetOptions } from './shared-venue-budget.ts';

const MINUTE = 60_000;
const START = 1_000 * MINUTE;
const SCOPE: BudgetScope = { pool: 'venue/api', limit: 240, windowMs: MINUTE };
const CAP = 0.97 * SCOPE.limit;
const NEVER = new AbortController().signal;

/** A venue of its own mind: counts what was sent per window of its clock, knowing nothing of leases. */
class CountingVenue {
  readonly #clock: FakeClock;
  readonly byWindow = new Map<number, number>();
  /** The highest count that one of our requests was answered with. */
  highest = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** The count of the current window, this request included. */
  request(weight: number): number {
    const win = Math.floor(this.#clock.now() / SCOPE.windowMs);
    const used = (this.byWindow.get(win) ?? 0) + weight;
    this.byWindow.set(win, used);
    return used;
  }

  counts(): readonly number[] {
    return [...this.byWindow.values()];
  }

  total(): number {
    return this.counts().reduce((a, b) => a + b, 0);
  }
}

function scene(options: Partial<SharedVenueBudgetOptions> = {}) {
  const clock = new FakeClock({ now: START });
  const store = new FakeBudgetStore();
  const venue = new CountingVenue(clock);
  const worker = (more: Partial<SharedVenueBudgetOptions> = {}): SharedVenueBudget =>
    new SharedVenueBudget({ store, clock, share: 1, maxWaitMs: 5 * MINUTE, ...options, ...more });
  return { clock, store, venue, worker };
}

type Scene = ReturnType<typeof scene>;

interface Habits {
  readonly weight: number;
  readonly pauseMs: number;
  readonly signal?: AbortSignal;
  readonly observes?: boolean;
}

/** Sends one request after another until it is stopped; a refusal is waited out for a while. */
async function hammer({ clock, venue }: Scene, budget: SharedVenueBudget, habits: Habits): Promise<void> {
  const { weight, pauseMs, signal = NEVER, observes = true } = habits;
  while (!signal.aborted) {
    const granted = await budget.take({ scope: SCOPE, weight, priority: 'backfill', signal }).then(
      () => true,
      () => false,
    );
    if (granted && !signal.aborted) {
      const used = venue.request(weight);
      venue.highest = Math.max(venue.highest, used);
      if (observes) budget.observe({ scope: SCOPE, used });
    }
    await clock.sleep(granted ? pauseMs : 2_000, signal).catch(() => undefined);
  }
}

describe('workers that share a store', () => {
  it.each([1, 2, 3, 5])('use 0.95 of the limit at least and never pass 0.97 (%i workers)', async (n) => {
    const s = scene();
    const stop = new AbortController();
    for (let i = 0; i < n; i += 1) {
      const habits = { weight: 2, pauseMs: 50 + 13 * i, signal: stop.signal };
      void hammer(s, s.worker(), habits);
    }

    await s.clock.advance(5 * MINUTE - 1);
    stop.abort();

    expect(s.venue.byWindow.size).toBe(5);
    for (const used of s.venue.counts()) {
      expect(used).toBeLessThanOrEqual(CAP);
      expect(used).toBeGreaterThanOrEqual(0.95 * SCOPE.limit);
    }
  });

  it.each([1, 2, 3, 4])('never pass the cap, whatever they ask for and whenever (seed %i)', async (seed) => {
    const s = scene();
    const chance = new FakeIds(seed);
    const stop = new AbortController();
    for (let i = 0; i < 4; i += 1) {
      const habits = {
        weight: 1 + Math.floor(chance.random() * 20),
        pauseMs: Math.floor(chance.random() * 4_000),
      };
      void hammer(s, s.worker(), { ...habits, signal: stop.signal });
    }

    await s.clock.advance(6 * MINUTE);
    stop.abort();

    expect(s.venue.total()).toBeGreaterThan(4 * CAP);
    for (const used of s.venue.counts()) expect(used).toBeLessThanOrEqual(CAP);
  });

  it('lose no more than the block of one that dies, and only in that window', async () => {
    const s = scene();
    const [stop, kill] = [new AbortController(), new AbortController()];
    void hammer(s, s.worker(), { weight: 2, pauseMs: 300, signal: stop.signal });
    void hammer(s, s.worker(), { weight: 2, pauseMs: 300, signal: kill.signal });

    await s.clock.advance(5_200);
    kill.abort();
    await s.clock.advance(3 * MINUTE - 5_200);
    stop.abort();

    const counts = s.venue.counts();
    for (const used of counts) expect(used).toBeLessThanOrEqual(CAP);
    expect(counts[0]).toBeGreaterThanOrEqual(CAP - 2 - SCOPE.limit / 40);
    expect(counts[1]).toBeGreaterThanOrEqual(0.95 * SCOPE.limit);
  });

  it('send nothing beyond their blocks while the store stalls, and go on after', async () => {
    const s = scene();
    const stop = new AbortController();
    for (let i = 0; i < 3; i += 1)
      void hammer(s, s.worker(), { weight: 2, pauseMs: 500, signal: stop.signal });

    await s.clock.advance(5_000);
    const before = s.venue.total();
    const release = s.store.stall();
    await s.clock.advance(30_000);
    const during = s.venue.total() - before;
    release();
    await s.clock.advance(2 * MINUTE - 35_000);
    stop.abort();

    expect(before).toBeGreaterThan(0);
    expect(during).toBeLessThanOrEqual((3 * SCOPE.limit) / 40);
    expect(s.venue.total()).toBeGreaterThan(1.9 * CAP);
    for (const used of s.venue.counts()) expect(used).toBeLessThanOrEqual(CAP);
  });

  it('leave room for strangers behind the same address, as the venue counts them', async () => {
    const s = scene();
    const stop = new AbortController();
    for (let i = 0; i < 2; i += 1)
      void hammer(s, s.worker(), { weight: 2, pauseMs: 900, signal: stop.signal });
    const stranger = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        s.venue.request(3);
        await s.clock.sleep(3_000, stop.signal).catch(() => undefined);
      }
    };
    void stranger();

    await s.clock.advance(4 * MINUTE - 1);
    stop.abort();

    expect(s.venue.highest).toBeLessThanOrEqual(CAP + SCOPE.limit / 40);
    expect(s.venue.highest).toBeGreaterThan(CAP - SCOPE.limit / 40);
    expect(s.store.items.get('default|venue/api')?.foreign).toBeGreaterThan(30);
  });

  it('spend weight of a write nobody can answer for never twice', async () => {
    const s = scene();
    const stop = new AbortController();
    s.store.unknown = 40;
    for (let i = 0; i < 2; i += 1)
      void hammer(s, s.worker(), { weight: 2, pauseMs: 50, signal: stop.signal });

    await s.clock.advance(MINUTE - 1);
    stop.abort();

    const item = s.store.items.get('default|venue/api');
    expect(s.store.unknown).toBe(0);
    expect(s.venue.total()).toBeLessThan(item?.used ?? 0);
    expect(item?.used).toBeLessThanOrEqual(CAP);
  });

  it('write far less often than they ask, where the limit is high', async () => {
    const s = scene();
    const scope = { ...SCOPE, limit: 6_000 };
    const budget = s.worker();
    let taken = 0;
    while (taken + 2 <= 0.97 * scope.limit) {
      await budget.take({ scope, weight: 2, priority: 'backfill', signal: NEVER });
      taken += 2;
    }

    expect(taken).toBe(5_820);
    expect(s.store.writes).toBeLessThan(taken / 2 / 25);
  });

  it('count apart behind different addresses', async () => {
    const s = scene({ maxWaitMs: 0 });
    const take = (budget: SharedVenueBudget): Promise<void> =>
      budget.take({ scope: SCOPE, weight: 200, priority: 'backfill', signal: NEVER });
    await take(s.worker({ egress: 'a' }));

    await expect(take(s.worker({ egress: 'a' }))).rejects.toMatchObject({ code: 'SOURCE_RATE_LIMITED' });
    await expect(take(s.worker({ egress: 'b' }))).resolves.toBeUndefined();
    expect([...s.store.items.keys()]).toEqual(['a|venue/api', 'b|venue/api']);
  });
});

describe('live requests beside a backfill that takes all it can get', () => {
  const LIVE = 20;

  /** What became of a live request 20 seconds into each of six minutes. */
  async function tail(s: Scene, budget: SharedVenueBudget, signal: AbortSignal): Promise<readonly string[]> {
    const answers: string[] = [];
    for (let minute = 0; minute < 6; minute += 1) {
      await s.clock.sleep(START + minute * MINUTE + 20_000 - s.clock.now(), signal);
      const due = s.clock.now();
      const live = { scope: SCOPE, weight: LIVE, priority: 'live', signal } as const;
      await budget.take(live);
      s.venue.request(LIVE);
      answers.push(s.clock.now() === due ? 'at once' : 'late');
      if (s.clock.now() >= due + 40_000) minute += 1;
    }
    return answers;
  }

  it.each([1, 2])(
    'find what they took the window before, all of it spent in the end (%i workers)',
    async (n) => {
      const s = scene();
      const stop = new AbortController();
      const budget = s.worker();
      for (const b of [budget, ...Array.from({ length: n - 1 }, () => s.worker())])
        void hammer(s, b, { weight: 2, pauseMs: 60, signal: stop.signal });
      const answers = tail(s, budget, stop.signal);

      await s.clock.advance(6 * MINUTE - 1);
      stop.abort();

      expect(await answers).toEqual(['late', 'at once', 'at once', 'at once', 'at once']);
      for (const used of s.venue.counts()) {
        expect(used).toBeLessThanOrEqual(CAP);
        expect(used).toBeGreaterThanOrEqual(0.95 * SCOPE.limit);
      }
    },
  );

  it('leave the last quarter of a window to backfill where they do not come', async () => {
    const s = scene();
    const stop = new AbortController();
    const budget = s.worker();
    await budget.take({ scope: SCOPE, weight: 100, priority: 'live', signal: NEVER });
    s.venue.request(100);
    await s.clock.advance(MINUTE);
    void hammer(s, budget, { weight: 2, pauseMs: 50, signal: stop.signal });

    await s.clock.advance(40_000);
    const early = s.venue.counts().at(-1);
    await s.clock.advance(19_000);
    stop.abort();

    expect(early).toBe(132);
    expect(s.venue.counts().at(-1)).toBe(232);
  });
});

describe('a block', () => {
  it('dies a second before its window does, and its weight with it', async () => {
    const s = scene({ maxWaitMs: 0 });
    const budget = s.worker();
    const take = (): Promise<void> =>
      budget.take({ scope: SCOPE, weight: 1, priority: 'live', signal: NEVER });
    await s.clock.advance(MINUTE - 1_200);
    for (let i = 0; i < 9; i += 1) await take();
    expect(s.store.items.get('default|venue/api')?.used).toBeGreaterThan(9);

    await s.clock.advance(200);
    await expect(take()).rejects.toMatchObject({ retryAfterMs: 1_000 });
    await s.clock.advance(1_000);
    await take();

    expect(s.store.items.get('default|venue/api')).toMatchObject({ win: 1_001, used: 1 });
  });
});

describe('a store that fails', () => {
  it('lets no request leave, and says why', async () => {
    const s = scene();
    const budget = s.worker();
    s.store.error = new StoreError('STORE_LOCKED', 'held', { retryable: true });
    const take = (): Promise<void> =>
      budget.take({ scope: SCOPE, weight: 2, priority: 'live', signal: NEVER });

    await expect(take()).rejects.toBe(s.store.error);
    s.store.error = undefined;
    await expect(take()).resolves.toBeUndefined();
  });

  it('is not waited for longer than ten seconds, nor by those who are aborted', async () => {
    const s = scene();
    const budget = s.worker();
    const release = s.store.stall();
    const abort = new AbortController();
    const patient = budget.take({ scope: SCOPE, weight: 2, priority: 'live', signal: NEVER });
    const leaving = budget.take({ scope: SCOPE, weight: 2, priority: 'live', signal: abort.signal });
    const answer = patient.catch((error: unknown) => error);

    abort.abort(new Error('stopped'));
    await expect(leaving).rejects.toThrow('stopped');
    await s.clock.advance(10_000);

    expect(await answer).toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryable: true });
    expect(s.clock.sleeping).toBe(0);
    release();
  });
});

describe('a ban', () => {
  const ask = (budget: SharedVenueBudget): Promise<unknown> =>
    budget.take({ scope: SCOPE, weight: 1, priority: 'live', signal: NEVER }).then(
      () => 'granted',
      (error: unknown) => error,
    );

  it('that one worker meets pauses every worker of that address, and no other', async () => {
    const s = scene();
    const [a, b, elsewhere] = [s.worker(), s.worker(), s.worker({ egress: 'other' })];
    a.ban({ scope: SCOPE, until: START + 30_000 });
    await a.flush();

    expect(await ask(b)).toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryAfterMs: 30_000 });
    expect(await ask(elsewhere)).toBe('granted');
    await s.clock.advance(30_000);
    expect(await ask(b)).toBe('granted');
  });

  it('reaches a worker that still has weight of its own within a second', async () => {
    const s = scene();
    const [a, b] = [s.worker(), s.worker()];
    for (let i = 0; i < 9; i += 1) expect(await ask(b)).toBe('granted');
    a.ban({ scope: SCOPE, until: START + 30_000 });
    await a.flush();
    await s.clock.advance(1_000);
    const { used } = s.store.items.get('default|venue/api') ?? { used: 0 };
    expect(used).toBeGreaterThan(9);

    expect(await ask(b)).toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryAfterMs: 29_000 });
  });

  it('that the store did not take is told again with the next request', async () => {
    const s = scene();
    const [a, b] = [s.worker(), s.worker()];
    s.store.error = new StoreError('STORE_LOCKED', 'held', { retryable: true });
    a.ban({ scope: SCOPE, until: START + 30_000 });
    await a.flush();
    s.store.error = undefined;
    expect(s.store.items.size).toBe(0);

    expect(await ask(a)).toMatchObject({ retryAfterMs: 30_000 });
    await a.flush();

    expect(await ask(b)).toMatchObject({ retryAfterMs: 30_000 });
  });

  it('lasts no longer than venues ban, though a wrong clock may say so', async () => {
    const s = scene();
    const [a, b] = [s.worker(), s.worker()];
    s.clock.set(START + 400 * 86_400_000);
    a.ban({ scope: SCOPE, until: s.clock.now() + 30_000 });
    await a.flush();
    s.clock.set(START);

    expect(await ask(a)).toBe('granted');
    expect(await ask(b)).toBe('granted');
  });
});

describe('windows too short for leases', () => {
  const SHORT: BudgetScope = { pool: 'other/rest', limit: 40, windowMs: 2_000 };
  const take = (budget: SharedVenueBudget): Promise<boolean> =>
    budget.take({ scope: SHORT, weight: 1, priority: 'backfill', signal: NEVER }).then(
      () => true,
      () => false,
    );

  it('are divided by the number of workers, without a write', async () => {
    const s = scene({ maxWorkers: 2, maxWaitMs: 0 });
    const workers = [s.worker(), s.worker()];
    for (let round = 0; round < 3; round += 1) {
      let granted = 0;
      for (let i = 0; i < 40; i += 1) for (const w of workers) if (await take(w)) granted += 1;
      expect(granted).toBe(38);
      await s.clock.advance(SHORT.windowMs);
    }
    expect(s.store.writes).toBe(0);
  });

  it('share bans', async () => {
    const s = scene({ maxWorkers: 2, maxWaitMs: 0 });
    const [a, b] = [s.worker(), s.worker()];
    a.ban({ scope: SHORT, until: START + 30_000 });
    await a.flush();

    expect(await take(b)).toBe(false);
    await s.clock.advance(30_000);
    expect(await take(b)).toBe(true);
  });
});

describe('a clock that jumps', () => {
  it('a year ahead and back stops nobody, and spends nothing twice', async () => {
    const s = scene({ maxWaitMs: 0 });
    const [a, b] = [s.worker(), s.worker()];
    const take = (budget: SharedVenueBudget, weight: number): Promise<unknown> =>
      budget.take({ scope: SCOPE, weight, priority: 'live', signal: NEVER }).then(
        () => 'granted',
        () => 'refused',
      );
    s.clock.set(START + 365 * 86_400_000);
    expect(await take(a, 200)).toBe('granted');
    s.clock.set(START);

    expect(await take(b, 100)).toBe('refused');
    expect(await take(b, 32)).toBe('granted');
    await s.clock.advance(MINUTE);
    expect(await take(b, 200)).toBe('granted');
  });
});

describe('fractions of weight', () => {
  it('add up without a loop', async () => {
    const s = scene({ maxWaitMs: 0 });
    const budget = s.worker();
    for (let i = 0; i < 700; i += 1)
      await budget.take({ scope: SCOPE, weight: 0.1 + (i % 3) / 10, priority: 'live', signal: NEVER });

    expect(s.store.items.get('default|venue/api')?.used).toBeLessThan(700 * 0.2 + 7);
  });
});
