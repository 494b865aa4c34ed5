import { RateLimitedError } from '@kairos/domain';
import type { BudgetScope, Clock, VenueBudget } from '@kairos/ports';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../fake-clock.ts';

export interface VenueBudgetRig {
  /** A fresh budget on this clock, taking `share` of a venue's limit and letting requests wait `maxWaitMs` at most. */
  open(p: {
    readonly clock: Clock;
    readonly share: number;
    readonly maxWaitMs: number;
  }): VenueBudget | Promise<VenueBudget>;
}

const SCOPE: BudgetScope = { pool: 'venue/api', limit: 1_000, windowMs: 60_000 };
const SHARE = 0.5;
/** share × 0.97 × limit */
const CAP = 485;
/** Well inside a window: neither its first nor its last seconds. */
const START = 1_000 * 60_000 + 30_000;
const NEXT_WINDOW = 1_001 * 60_000;

interface Bench {
  readonly clock: FakeClock;
  readonly budget: VenueBudget;
  take(
    weight: number,
    p?: { priority?: 'live' | 'backfill'; signal?: AbortSignal; scope?: BudgetScope },
  ): Promise<void>;
}

async function bench(rig: VenueBudgetRig, maxWaitMs = 300_000): Promise<Bench> {
  const clock = new FakeClock({ now: START });
  const budget = await rig.open({ clock, share: SHARE, maxWaitMs });
  return {
    clock,
    budget,
    take: (weight, { priority = 'backfill', signal = new AbortController().signal, scope = SCOPE } = {}) =>
      budget.take({ scope, weight, priority, signal }),
  };
}

/** What every VenueBudget keeps to. */
export function venueBudgetContract(name: string, rig: VenueBudgetRig): void {
  describe(`${name} keeps the law of a venue budget`, () => {
    admission(rig);
    waiting(rig);
    venueWord(rig);
  });
}

function admission(rig: VenueBudgetRig): void {
  it('grants weight at once while the share of the limit lasts, and not beyond', async () => {
    const { take } = await bench(rig, 0);

    for (let taken = 0; taken + 97 <= CAP; taken += 97) await take(97);

    await expect(take(1)).rejects.toMatchObject({ code: 'SOURCE_RATE_LIMITED', retryable: true });
  });

  it('tells a request it cannot serve in time how long to stay away', async () => {
    const { take } = await bench(rig, 1_000);
    await take(CAP);

    const refusal = await take(1).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(RateLimitedError);
    expect(refusal).toMatchObject({ retryAfterMs: NEXT_WINDOW - START });
  });

  it('keeps pools apart', async () => {
    const { take } = await bench(rig, 0);
    await take(CAP);

    await expect(take(CAP, { scope: { ...SCOPE, pool: 'venue/other' } })).resolves.toBeUndefined();
  });

  it('never grants more than the share within one window, however many ask at once', async () => {
    const { take } = await bench(rig, 0);

    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => take(10)));

    expect(answers.filter((a) => a.status === 'fulfilled')).toHaveLength(Math.floor(CAP / 10));
  });
}

function waiting(rig: VenueBudgetRig): void {
  it('lets a request wait for the next window', async () => {
    const { take, clock } = await bench(rig);
    await take(CAP);
    const granted: number[] = [];
    void take(5).then(() => granted.push(clock.now()));

    await clock.advance(NEXT_WINDOW - 1 - clock.now());
    expect(granted).toEqual([]);
    await clock.advance(NEXT_WINDOW + 1_000 - clock.now());

    expect(granted).toEqual([NEXT_WINDOW]);
  });

  it('serves live requests before backfill that waited longer', async () => {
    const { take, clock } = await bench(rig);
    await take(CAP);
    const order: string[] = [];
    void take(300).then(() => order.push('backfill 1'));
    void take(300).then(() => order.push('backfill 2'));
    void take(300, { priority: 'live' }).then(() => order.push('live'));

    await clock.advance(NEXT_WINDOW - clock.now());
    expect(order).toEqual(['live']);
    await clock.advance(NEXT_WINDOW + 2 * SCOPE.windowMs - clock.now());

    expect(order).toEqual(['live', 'backfill 1', 'backfill 2']);
  });

  it('lets an aborted request leave the queue without taking anything', async () => {
    const { take, clock } = await bench(rig);
    await take(CAP);
    const abort = new AbortController();
    const leaving = take(CAP, { signal: abort.signal });
    const staying = take(CAP);

    abort.abort(new Error('stopped'));
    await expect(leaving).rejects.toThrow('stopped');
    await clock.advance(NEXT_WINDOW - clock.now());

    await expect(staying).resolves.toBeUndefined();
  });

  it('refuses a request that was aborted before it came', async () => {
    const { take } = await bench(rig);

    await expect(take(1, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
    await expect(take(CAP)).resolves.toBeUndefined();
  });
}

function venueWord(rig: VenueBudgetRig): void {
  it('leaves room for what others use on the same address, as the venue tells it', async () => {
    const { take, budget } = await bench(rig, 0);
    await take(100);

    budget.observe({ scope: SCOPE, used: 300 });

    await expect(take(CAP - 100 - 200 + 1)).rejects.toBeInstanceOf(RateLimitedError);
    await expect(take(CAP - 100 - 200)).resolves.toBeUndefined();
  });

  it('refuses everything while banned, with the time left, and serves again after', async () => {
    const { take, budget, clock } = await bench(rig, 0);

    budget.ban({ scope: SCOPE, until: START + 20_000 });
    budget.ban({ scope: SCOPE, until: START + 5_000 });

    expect(await take(1, { priority: 'live' }).catch((error: unknown) => error)).toMatchObject({
      code: 'SOURCE_RATE_LIMITED',
      retryAfterMs: 20_000,
    });
    await clock.advance(START + 20_000 - clock.now());
    await expect(take(1)).resolves.toBeUndefined();
  });

  it('refuses those who wait when a ban comes meanwhile', async () => {
    const { take, budget, clock } = await bench(rig);
    await take(CAP);
    const waiter = take(1).catch((error: unknown) => error);

    budget.ban({ scope: SCOPE, until: NEXT_WINDOW + 90_000 });
    await clock.advance(NEXT_WINDOW - clock.now());

    expect(await waiter).toBeInstanceOf(RateLimitedError);
  });
}
