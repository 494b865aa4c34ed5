import type { HintHandler, HintOutcome, WorkHint, WorkQueue } from '@kairos/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A queue to try, and the time it lives in. */
export interface WorkQueueRig {
  readonly queue: WorkQueue;
  now(): number;
  /** Moves the queue's time and lets everything that became due happen. */
  advance(ms: number): Promise<void>;
  close?(): Promise<void>;
}

const hint = (uid: string, more: Partial<WorkHint> = {}): WorkHint => ({
  v: 1,
  uid,
  kind: 's',
  slot: 60_000,
  hop: 0,
  ...more,
});

/** A handler that holds every delivery until it is let go, and remembers what it saw. */
class Desk {
  readonly seen: WorkHint[] = [];
  readonly signals: AbortSignal[] = [];
  readonly deadlines: number[] = [];
  readonly #open: ((outcome: HintOutcome) => void)[] = [];

  readonly handler: HintHandler = (hint, { signal, deadline }) => {
    this.seen.push(hint);
    this.signals.push(signal);
    this.deadlines.push(deadline);
    return new Promise((resolve) => this.#open.push(resolve));
  };

  uids(): string[] {
    return this.seen.map((h) => h.uid);
  }

  /** Ends all deliveries in hand. */
  release(outcome: HintOutcome = 'done'): void {
    for (const resolve of this.#open.splice(0)) resolve(outcome);
  }
}

/** As ticks do: says it again, a second apart, until it was heard. */
async function sendUntilHeard(
  rig: WorkQueueRig,
  hints: readonly WorkHint[],
  heard: () => boolean,
): Promise<void> {
  for (let tick = 0; tick < 20 && !heard(); tick += 1) {
    await rig.queue.send(hints);
    await rig.advance(1_000);
  }
  expect(heard()).toBe(true);
}

/**
 * The law of work queues. They may lose, repeat and reorder, so it asks only for what every user relies on: a hint that
 * is sent again and again arrives, unaltered, not too early; a failing handler harms nobody else; drain means quiet.
 */
export function workQueueContract(name: string, open: () => WorkQueueRig): void {
  describe(`${name} as a WorkQueue`, () => {
    let rig: WorkQueueRig;
    let desk: Desk;
    beforeEach(() => {
      rig = open();
      desk = new Desk();
    });
    afterEach(async () => {
      desk.release();
      await rig.advance(0);
      await rig.close?.();
    });

    it('says what it can hold', () => {
      expect(rig.queue.capabilities.delayMs).toBeGreaterThanOrEqual(0);
      expect(rig.queue.capabilities.maxBytes).toBeGreaterThanOrEqual(256);
      expect(typeof rig.queue.capabilities.deadLetter).toBe('boolean');
    });

    describe('send', () => {
      it('resolves although nobody works the hints yet', async () => {
        await expect(rig.queue.send([hint('a')])).resolves.toBeUndefined();
      });

      it('resolves while a handler is still at work', async () => {
        rig.queue.onHint(desk.handler);
        await sendUntilHeard(rig, [hint('a')], () => desk.seen.length > 0);

        await expect(rig.queue.send([hint('b')])).resolves.toBeUndefined();
      });

      it('takes no hints at all', async () => {
        rig.queue.onHint(desk.handler);

        await rig.queue.send([]);
        await rig.advance(1_000);

        expect(desk.seen).toEqual([]);
      });

      it('brings every task to the handler in the end, unaltered', async () => {
        rig.queue.onHint(desk.handler);
        const hints = ['a', 'b', 'c'].map((uid, i) => hint(uid, { slot: 60_000 * i, kind: 'm', hop: i }));

        await sendUntilHeard(rig, hints, () => {
          desk.release();
          return hints.every((h) => desk.uids().includes(h.uid));
        });

        for (const seen of desk.seen) {
          const sent = hints.find((h) => h.uid === seen.uid);
          expect({ ...seen, notBefore: undefined }).toEqual({ ...sent, notBefore: undefined });
        }
      });

      it('holds a hint back until its time', async () => {
        const delay = Math.min(rig.queue.capabilities.delayMs, 5_000);
        const notBefore = rig.now() + delay;
        const early: number[] = [];
        rig.queue.onHint(() => {
          early.push(rig.now());
          return Promise.resolve('done');
        });

        await sendUntilHeard(rig, [hint('a', { notBefore })], () => early.length > 0);

        expect(early.every((at) => at >= notBefore)).toBe(true);
      });
    });

    describe('onHint', () => {
      it('gives the handler a deadline ahead and a live signal', async () => {
        rig.queue.onHint(desk.handler);

        await sendUntilHeard(rig, [hint('a')], () => desk.seen.length > 0);

        expect(desk.deadlines.every((deadline) => deadline > rig.now())).toBe(true);
        expect(desk.signals.every((signal) => !signal.aborted)).toBe(true);
      });

      it('delivers again when asked to, and not before the time asked for', async () => {
        const at: number[] = [];
        rig.queue.onHint(() => {
          at.push(rig.now());
          return Promise.resolve(at.length === 1 ? { retryAfterMs: 5_000 } : 'done');
        });
        await sendUntilHeard(rig, [hint('a')], () => at.length > 0);
        const [first = 0] = at;

        await rig.advance(first + 5_000 - rig.now());

        expect(at.some((t) => t >= first + 5_000)).toBe(true);
      });

      it.each([
        ['rejects', (): Promise<HintOutcome> => Promise.reject(new Error('no'))],
        [
          'throws',
          (): Promise<HintOutcome> => {
            throw new Error('no');
          },
        ],
      ])('goes on to deliver after a handler that %s', async (_how, fail) => {
        const seen: string[] = [];
        rig.queue.onHint((h) => {
          seen.push(h.uid);
          return h.uid === 'bad' ? fail() : Promise.resolve('done');
        });

        await sendUntilHeard(
          rig,
          [hint('bad'), hint('good')],
          () => seen.includes('bad') && seen.includes('good'),
        );
      });
    });

    describe('drain', () => {
      it('resolves at once when nothing runs', async () => {
        rig.queue.onHint(desk.handler);

        await expect(rig.queue.drain({ graceMs: 60_000 })).resolves.toBeUndefined();
      });

      it('waits for what runs, without aborting it inside the grace', async () => {
        rig.queue.onHint(desk.handler);
        await sendUntilHeard(rig, [hint('a')], () => desk.seen.length > 0);
        let drained = false;

        const drain = rig.queue.drain({ graceMs: 60_000 }).then(() => (drained = true));
        await rig.advance(59_000);

        expect(drained).toBe(false);
        expect(desk.signals.some((signal) => signal.aborted)).toBe(false);
        desk.release();
        await drain;
      });

      it('aborts what still runs after the grace, and resolves when it has ended', async () => {
        rig.queue.onHint(desk.handler);
        await sendUntilHeard(rig, [hint('a')], () => desk.seen.length > 0);
        let drained = false;

        const drain = rig.queue.drain({ graceMs: 1_000 }).then(() => (drained = true));
        await rig.advance(1_000);

        expect(desk.signals.every((signal) => signal.aborted)).toBe(true);
        expect(drained).toBe(false);
        desk.release();
        await drain;
      });

      it('delivers nothing afterwards, neither waiting nor new nor asked to come again', async () => {
        rig.queue.onHint(desk.handler);
        await sendUntilHeard(rig, [hint('a')], () => desk.seen.length > 0);
        await rig.queue.send([hint('later', { notBefore: rig.now() + 10_000 })]);

        const drain = rig.queue.drain({ graceMs: 1_000 });
        desk.release({ retryAfterMs: 10 });
        await drain;
        const seen = desk.seen.length;
        await rig.queue.send([hint('new')]);
        await rig.advance(60_000);

        expect(desk.seen.length).toBe(seen);
      });

      it('may be called again', async () => {
        rig.queue.onHint(desk.handler);
        await rig.queue.drain({ graceMs: 0 });

        await expect(rig.queue.drain({ graceMs: 0 })).resolves.toBeUndefined();
      });
    });
  });
}

/**
 * A queue as bad as the port allows: of every hint it loses the first sending, repeats the second and reverses each
 * batch. What works through it works through any queue.
 */
export class UnreliableWorkQueue implements WorkQueue {
  readonly #inner: WorkQueue;
  readonly #sent = new Map<string, number>();

  constructor(inner: WorkQueue) {
    this.#inner = inner;
  }

  get capabilities(): WorkQueue['capabilities'] {
    return this.#inner.capabilities;
  }

  send(hints: readonly WorkHint[]): Promise<void> {
    return this.#inner.send(hints.flatMap((h) => this.#copies(h)).reverse());
  }

  onHint(handler: HintHandler): void {
    this.#inner.onHint(handler);
  }

  drain(p: { readonly graceMs: number }): Promise<void> {
    return this.#inner.drain(p);
  }

  #copies(h: WorkHint): WorkHint[] {
    const times = (this.#sent.get(h.uid) ?? 0) + 1;
    this.#sent.set(h.uid, times);
    if (times === 1) return [];
    return times === 2 ? [h, h] : [h];
  }
}
