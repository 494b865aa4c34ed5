import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new FakeClock({ now: 100 });
    await clock.advance(7);
    expect(clock.now()).toBe(107);
    clock.set(5);
    expect(clock.now()).toBe(5);
  });

  it('wakes sleepers in the order they are due, each at its own time', async () => {
    const clock = new FakeClock({ now: 0 });
    const log: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      log.push(`${name}@${clock.now()}`);
    };
    const all = Promise.all([sleeper('late', 20), sleeper('early', 10), sleeper('never', 31)]);

    await clock.advance(30);
    expect(log).toEqual(['early@10', 'late@20']);
    expect(clock.sleeping).toBe(1);
    await clock.advance(1);
    await all;
    expect(log.at(-1)).toBe('never@31');
  });

  it('wakes one that sleeps again within the same move', async () => {
    const clock = new FakeClock({ now: 0 });
    const ticks: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i += 1) {
        await clock.sleep(10);
        ticks.push(clock.now());
      }
    })();

    await clock.advance(35);
    await loop;

    expect([ticks, clock.now()]).toEqual([[10, 20, 30], 35]);
  });

  it('rejects a sleep whose signal aborts, before or while it sleeps', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const sleeping = clock.sleep(10, abort.signal);
    abort.abort(new Error('stop'));

    await expect(sleeping).rejects.toThrow('stop');
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow('stop');
    expect(clock.sleeping).toBe(0);
  });

  it('moves by itself when told to', async () => {
    const clock = new FakeClock({ now: 0, autoAdvance: true });
    await clock.sleep(50);
    await clock.sleep(25);
    expect(clock.now()).toBe(75);
  });
});
