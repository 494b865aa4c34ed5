import { scheduleOf } from '@kairos/schedule';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseSlot } from './slots.ts';

const MINUTE = 60_000;
const schedule = scheduleOf({
  schedule: 'rate(1 minute)',
  timezone: 'UTC',
  frequency: '1m',
  dataType: 'kline',
  epochAt: 0,
});

describe('chooseSlot', () => {
  it('waits for the next slot', () => {
    expect(chooseSlot(schedule, 0, MINUTE - 1, 'once')).toEqual({ slot: null, skipped: null });
  });

  it('runs the latest slot once for all that passed', () => {
    expect(chooseSlot(schedule, 0, 5 * MINUTE + 1, 'once')).toEqual({
      slot: 5 * MINUTE,
      skipped: { from: MINUTE, to: 4 * MINUTE, n: 4, reason: 'coalesced' },
    });
  });

  it('runs every slot in turn under `all`', () => {
    expect(chooseSlot(schedule, MINUTE, 5 * MINUTE, 'all')).toEqual({ slot: 2 * MINUTE, skipped: null });
  });

  it('runs only a slot that is hardly late under `skip`, and records the others', () => {
    const hourly = scheduleOf({
      schedule: 'rate(1 hour)',
      timezone: 'UTC',
      frequency: '1h',
      dataType: 'kline',
      epochAt: 0,
    });
    const HOUR = 60 * MINUTE;
    expect(chooseSlot(hourly, 0, 2 * HOUR + 1_000, 'skip').slot).toBe(2 * HOUR);
    expect(chooseSlot(hourly, 0, 2 * HOUR + 30 * MINUTE, 'skip')).toEqual({
      slot: null,
      skipped: { from: HOUR, to: 2 * HOUR, n: 2, reason: 'missed' },
    });
  });

  it('gives every slot exactly one outcome, whatever the policy and however ticks fall', () => {
    const policies = fc.constantFrom('once' as const, 'all' as const, 'skip' as const);
    fc.assert(
      fc.property(
        policies,
        fc.array(fc.integer({ min: 1, max: 4 * MINUTE }), { minLength: 1, maxLength: 30 }),
        (policy, steps) => {
          let cursor = -1;
          let now = 0;
          let accounted = 0;
          for (const step of steps) {
            now += step;
            for (;;) {
              const choice = chooseSlot(schedule, cursor, now, policy);
              if (choice.slot === null && choice.skipped === null) break;
              accounted += (choice.slot === null ? 0 : 1) + (choice.skipped?.n ?? 0);
              cursor = Math.max(choice.slot ?? -1, choice.skipped?.to ?? -1);
            }
          }
          expect(accounted).toBe(schedule.count(-1, now));
        },
      ),
    );
  });
});
