import type { HintOutcome, WorkHint } from '@kairos/ports';
import {
  FakeClock,
  RecordingLogger,
  UnreliableWorkQueue,
  workQueueContract,
  type WorkQueueRig,
} from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { InlineWorkQueue } from './inline-work-queue.ts';

const START = Date.UTC(2026, 0, 1);

/** Gives every continuation that is ready its turn. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function rig(
  concurrency = 2,
): { queue: InlineWorkQueue; clock: FakeClock; log: RecordingLogger } & WorkQueueRig {
  const clock = new FakeClock({ now: START });
  const log = new RecordingLogger();
  const queue = new InlineWorkQueue({ concurrency, clock, log });
  return { queue, clock, log, now: () => clock.now(), advance: (ms) => clock.advance(ms) };
}

workQueueContract('InlineWorkQueue', () => rig());
workQueueContract('InlineWorkQueue, one at a time', () => rig(1));
workQueueContract('InlineWorkQueue that loses, repeats and reorders', () => {
  const inner = rig();
  return { ...inner, queue: new UnreliableWorkQueue(inner.queue) };
});

const hint = (uid: string, more: Partial<WorkHint> = {}): WorkHint => ({
  v: 1,
  uid,
  kind: 's',
  slot: 0,
  hop: 0,
  ...more,
});

/** Works hints until told to stop, one door per delivery. */
function workshop(r: ReturnType<typeof rig>): {
  seen: WorkHint[];
  finish: (uid: string, outcome?: HintOutcome) => Promise<void>;
} {
  const seen: WorkHint[] = [];
  const doors = new Map<string, (outcome: HintOutcome) => void>();
  r.queue.onHint((h) => {
    seen.push(h);
    return new Promise((resolve) => doors.set(h.uid, resolve));
  });
  return {
    seen,
    finish: async (uid, outcome = 'done') => {
      doors.get(uid)?.(outcome);
      await settle();
    },
  };
}

const uids = (hints: readonly WorkHint[]): string[] => hints.map((h) => h.uid);

describe('InlineWorkQueue', () => {
  it('works in order of arrival, no more at once than allowed', async () => {
    const r = rig(2);
    const shop = workshop(r);

    await r.queue.send(['a', 'b', 'c', 'd'].map((uid) => hint(uid)));
    expect(uids(shop.seen)).toEqual(['a', 'b']);
    await shop.finish('b');
    expect(uids(shop.seen)).toEqual(['a', 'b', 'c']);
    await shop.finish('a');

    expect(uids(shop.seen)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('tells who works a hint whether others wait for the place', async () => {
    const r = rig(1);
    let othersWait = (): boolean => false;
    r.queue.onHint((_, limits) => {
      othersWait = limits.othersWait ?? othersWait;
      return new Promise(() => undefined);
    });
    await r.queue.send([hint('a')]);
    expect(othersWait()).toBe(false);

    await r.queue.send([hint('a'), hint('later', { notBefore: START + 1_000 })]);
    expect(othersWait()).toBe(false);
    await r.clock.advance(1_000);
    expect(othersWait()).toBe(true);
  });

  it('keeps hints until somebody works them', async () => {
    const r = rig();

    await r.queue.send([hint('a')]);
    const shop = workshop(r);

    expect(uids(shop.seen)).toEqual(['a']);
  });

  it('works waiting hints of one task once, at the first one’s place, with the newest content', async () => {
    const r = rig(1);
    const shop = workshop(r);
    await r.queue.send([hint('busy'), hint('a', { slot: 1 }), hint('b'), hint('a', { slot: 2 })]);

    await shop.finish('busy');
    await shop.finish('a');
    await shop.finish('b');

    expect(shop.seen.map((h) => [h.uid, h.slot])).toEqual([
      ['busy', 0],
      ['a', 2],
      ['b', 0],
    ]);
  });

  it('never works one task twice at the same time, and does not forget a hint that came meanwhile', async () => {
    const r = rig(4);
    const shop = workshop(r);
    await r.queue.send([hint('a', { slot: 1 })]);
    await r.queue.send([hint('a', { slot: 2 }), hint('b')]);
    expect(uids(shop.seen)).toEqual(['a', 'b']);

    await shop.finish('a');

    expect(shop.seen.map((h) => h.slot)).toEqual([1, 0, 2]);
  });

  it('lets others pass while a hint is held back', async () => {
    const r = rig(1);
    const shop = workshop(r);

    await r.queue.send([hint('later', { notBefore: START + 5_000 }), hint('now')]);
    await shop.finish('now');
    await r.advance(4_999);
    expect(uids(shop.seen)).toEqual(['now']);
    await r.advance(1);

    expect(uids(shop.seen)).toEqual(['now', 'later']);
  });

  it('wakes for the earlier of two instants, whichever was asked for first', async () => {
    const r = rig(2);
    const shop = workshop(r);

    await r.queue.send([hint('late', { notBefore: START + 9_000 })]);
    await r.queue.send([hint('soon', { notBefore: START + 1_000 })]);
    expect(r.clock.sleeping).toBe(1);
    await r.advance(1_000);
    expect(uids(shop.seen)).toEqual(['soon']);
    await r.advance(8_000);

    expect(uids(shop.seen)).toEqual(['soon', 'late']);
  });

  it('prefers what was said meanwhile to the hint that asked to come again', async () => {
    const r = rig(1);
    const shop = workshop(r);
    await r.queue.send([hint('a', { slot: 1 })]);
    await r.queue.send([hint('a', { slot: 2 })]);

    await shop.finish('a', { retryAfterMs: 60_000 });

    expect(shop.seen.map((h) => h.slot)).toEqual([1, 2]);
  });

  it('logs what a handler threw, with the task, and throws nothing', async () => {
    const r = rig();
    const error = new Error('broken');
    r.queue.onHint(() => Promise.reject(error));

    await r.queue.send([hint('a')]);
    await r.advance(0);

    expect(r.log.entries).toEqual([
      { level: 'error', event: 'queue.hint_failed', fields: { uid: 'a', kind: 's', slot: 0, error } },
    ]);
  });

  it('gives each delivery its own deadline', async () => {
    const clock = new FakeClock({ now: START });
    const queue = new InlineWorkQueue({
      concurrency: 1,
      clock,
      log: new RecordingLogger(),
      deadlineMs: 1_000,
    });
    const deadlines: number[] = [];
    queue.onHint((_h, { deadline }) => {
      deadlines.push(deadline);
      return Promise.resolve('done');
    });

    await queue.send([hint('a'), hint('b', { notBefore: START + 500 })]);
    await clock.advance(500);

    expect(deadlines).toEqual([START + 1_000, START + 1_500]);
  });

  it('leaves no sleeper behind once it has drained', async () => {
    const r = rig(1);
    const shop = workshop(r);
    await r.queue.send([hint('a'), hint('later', { notBefore: START + 5_000 })]);

    const drain = r.queue.drain({ graceMs: 10_000 });
    await shop.finish('a');
    await drain;

    expect(r.clock.sleeping).toBe(0);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a concurrency of %d', (concurrency) => {
    expect(() => rig(concurrency)).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});
