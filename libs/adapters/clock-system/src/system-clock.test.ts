import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from './system-clock.ts';

const START = Date.UTC(2026, 0, 1);

describe('SystemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells UTC epoch milliseconds', () => {
    expect(new SystemClock().now()).toBe(START);
  });

  it.each([0, -5, 1, 1_000, 2_147_483_647, 3 * 2_147_483_647 + 12])(
    'wakes after %d ms and not before',
    async (ms) => {
      const clock = new SystemClock();
      const woke = vi.fn();
      const sleep = clock.sleep(ms).then(woke);

      await vi.advanceTimersByTimeAsync(Math.max(0, ms - 1));
      expect(woke).toHaveBeenCalledTimes(ms <= 0 ? 1 : 0);
      await vi.advanceTimersByTimeAsync(1);
      await sleep;

      expect(woke).toHaveBeenCalledOnce();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('rejects with the reason of a signal that aborted before', async () => {
    await expect(new SystemClock().sleep(10, AbortSignal.abort('no'))).rejects.toBe('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects with the reason of a signal that aborts meanwhile, and drops its timer', async () => {
    const controller = new AbortController();
    const sleep = new SystemClock().sleep(10_000, controller.signal);
    const seen = expect(sleep).rejects.toBe('enough');
    await vi.advanceTimersByTimeAsync(9_999);

    controller.abort('enough');

    await seen;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no listener on the signal once it has slept', async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const sleep = new SystemClock().sleep(10, signal);

    await vi.advanceTimersByTimeAsync(10);
    await sleep;

    expect(removed).toHaveBeenCalledOnce();
  });
});
