import { StoreError } from '@kairos/domain';
import type { Clock, SeriesStore, TaskStore } from '@kairos/ports';
import type { Scheduler } from '@kairos/scheduler';
import { RecordingLogger } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Timer } from './timer.ts';

/** Just after a whole second, where ticks fall. */
const NOW = Date.UTC(2026, 0, 1) + 5;

describe('Timer', () => {
  const calls: string[] = [];
  const log = new RecordingLogger();
  let broken = false;
  const note = (name: string) => async (): Promise<never> => {
    calls.push(name);
    if (broken) throw new StoreError('STORE_FULL', 'the disk is full');
    return { hinted: 0, more: false, rows: 0 } as never;
  };
  const clock: Clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  let timer: Timer;

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    calls.length = 0;
    log.entries.length = 0;
    broken = false;
    timer = new Timer({
      scheduler: { tick: note('tick'), recover: note('recover') } as unknown as Scheduler,
      tasks: { ping: note('ping') } as unknown as TaskStore,
      series: { compact: async () => ({ rows: 0, more: false }) } as unknown as SeriesStore,
      sampler: { step: async () => [] },
      chores: [{ step: note('housekeeping') }],
      clock,
      log,
      tickMs: 1_000,
    });
    timer.start();
  });
  afterEach(async () => {
    await timer.stop();
    vi.useRealTimers();
  });

  it('ticks, and does no more while all is well', async () => {
    await vi.advanceTimersByTimeAsync(3_500);
    expect(calls).toEqual(Array.from({ length: 4 }, () => ['tick', 'housekeeping']).flat());
  });

  it('ticks just after whole seconds, when slots come due', async () => {
    await vi.advanceTimersByTimeAsync(500);
    timer.nudge();
    await vi.advanceTimersByTimeAsync(499);
    expect(calls).toEqual(['tick', 'housekeeping', 'tick', 'housekeeping']);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(6);
  });

  it('is not put off by nudges that follow each other closely', async () => {
    await vi.advanceTimersByTimeAsync(500);
    const armed = vi.spyOn(globalThis, 'setTimeout');
    for (let i = 0; i < 100; i += 1) timer.nudge();
    expect(armed).toHaveBeenCalledTimes(1);
    armed.mockRestore();
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(4);
    timer.nudge();
    await vi.advanceTimersByTimeAsync(1);
    expect(calls).toHaveLength(6);
  });

  it('looks for plans that are too far off when the clock has gone back', async () => {
    await vi.advanceTimersByTimeAsync(500);
    vi.setSystemTime(NOW - 86_400_000 + 500);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(calls.filter((name) => name !== 'housekeeping')).toEqual(['tick', 'recover', 'tick', 'tick']);
    expect(log.events()).toEqual(['clock.went_back']);
  });

  it('begins no work in a store that failed until it writes again, and asks it seldom', async () => {
    await vi.advanceTimersByTimeAsync(500);
    broken = true;
    timer.doubt();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls[0]).toBe('tick');
    expect(calls.slice(2).every((name) => name === 'ping')).toBe(true);
    expect(calls.length).toBeLessThan(10);
    broken = false;
    await vi.advanceTimersByTimeAsync(11_000);
    expect(calls.at(-1)).toBe('housekeeping');
  });
});
