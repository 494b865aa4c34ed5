import { type ActiveRun, type DueItem } from '@kairos/domain';
import { aTask, T0 } from '@kairos/testkit';
import { scheduleOf } from '@kairos/schedule';
import { describe, expect, it } from 'vitest';
import { decideClaim, MAX_LEASE_MS, SKEW_MS } from './claim.ts';

const task = aTask();
const held: ActiveRun = {
  kind: 's',
  slot: T0,
  attempt: 0,
  failures: 0,
  hop: 0,
  idle: 0,
  owner: 'other#1',
  until: T0 + 30_000,
  notBefore: 0,
  startedAt: T0,
  skipped: null,
  refetch: null,
};
const due = (over: Partial<DueItem> = {}): DueItem => ({
  uid: task.uid,
  cursor: T0 - 1,
  nextDue: T0,
  fence: 4,
  v: 9,
  active: null,
  ...over,
});
const decide = (
  d: DueItem,
  now: number,
  p: { readonly dead?: boolean; readonly of?: typeof task } = {},
): ReturnType<typeof decideClaim> =>
  decideClaim({
    due: d,
    task: p.of ?? task,
    schedule: scheduleOf(p.of ?? task),
    now,
    owner: 'me#2',
    leaseMs: 30_000,
    isDead: () => p.dead ?? false,
  });

describe('decideClaim', () => {
  it('claims a due slot under a new fence and moves the cursor', () => {
    expect(decide(due(), T0 + 5)).toMatchObject({
      kind: 'claimed',
      due: { cursor: T0, fence: 5, active: { slot: T0, owner: 'me#2', until: T0 + 30_005 } },
    });
  });

  it('never starts a slot at or before the cursor', () => {
    const after = decide(due({ cursor: T0 }), T0 + 5);
    expect(after).toMatchObject({ kind: 'advance', due: { active: null, nextDue: T0 + 2_000 } });
  });

  it('leaves a live run alone', () => {
    expect(decide(due({ active: held }), held.until + SKEW_MS - 1)).toEqual({ kind: 'wait' });
  });

  it('takes over once the lease has run out, with the old holder on record', () => {
    expect(decide(due({ active: held }), held.until + SKEW_MS)).toMatchObject({
      kind: 'claimed',
      expired: held,
      run: { slot: T0, attempt: 1 },
      due: { fence: 5 },
    });
  });

  it('takes over at once from a process that is gone', () => {
    expect(decide(due({ active: held }), T0 + 1, { dead: true })).toMatchObject({
      kind: 'claimed',
      expired: held,
    });
  });

  it('does not believe a lease further away than any lease can be', () => {
    const wild = { ...held, until: T0 + MAX_LEASE_MS + SKEW_MS + 10_000 };
    expect(decide(due({ active: wild }), T0)).toMatchObject({ kind: 'claimed', expired: wild });
  });

  it('waits for a retry until its time, unless the next slot comes first', () => {
    const retry = { ...held, owner: null, until: 0, notBefore: T0 + 60_000 };
    expect(decide(due({ cursor: T0, active: retry }), T0 + 1_000)).toEqual({ kind: 'wait' });
    expect(decide(due({ cursor: T0, active: retry }), T0 + 2_000)).toMatchObject({
      kind: 'claimed',
      run: { slot: T0 + 2_000, attempt: 0 },
    });
    expect(decide(due({ cursor: T0 + 2_000, active: retry }), T0 + 60_000)).toMatchObject({
      kind: 'claimed',
      run: { slot: T0, attempt: 1 },
    });
  });

  it('starts nothing scheduled for a stopped task, but does what a person ordered', () => {
    const stopped = aTask({ status: 'completed' });
    expect(decide(due(), T0 + 5, { of: stopped })).toMatchObject({ kind: 'advance', due: { nextDue: null } });
    const manual = { ...held, kind: 'm' as const, owner: null, until: 0, slot: T0 + 3 };
    expect(decide(due({ active: manual }), T0 + 5, { of: stopped })).toMatchObject({
      kind: 'claimed',
      run: { kind: 'm' },
      due: { cursor: T0 - 1 },
    });
  });

  it('does not let a clock that was far ahead keep the task asleep', () => {
    const future = decide(due({ cursor: T0 + 365 * 86_400_000 }), T0 + 5);
    expect(future).toMatchObject({ kind: 'advance', due: { cursor: T0 + 5, nextDue: T0 + 2_000 } });
  });

  it('does not start a slot twice because the clock stepped back a little', () => {
    const started = due({ cursor: T0 + 2_000 });
    expect(decide(started, T0 + 1_995)).toMatchObject({ kind: 'advance', due: { cursor: T0 + 2_000 } });
    const manual = { ...held, kind: 'm' as const, owner: null, until: 0 };
    expect(decide({ ...started, active: manual }, T0 + 1_995)).toMatchObject({
      kind: 'claimed',
      due: { cursor: T0 + 2_000 },
    });
  });

  it('does not wait for an instant that a clock far ahead has named', () => {
    const retry = { ...held, owner: null, until: 0, startedAt: T0 + 365 * 86_400_000, notBefore: Infinity };
    expect(decide(due({ active: retry }), T0)).toMatchObject({ kind: 'claimed', run: { slot: T0 } });
  });

  it('lets the next slot take over from a waiting manual run, but not from a refetch', () => {
    const waiting = { ...held, owner: null, until: 0, notBefore: T0 + 60_000 };
    const at = (kind: 'm' | 'r'): ReturnType<typeof decideClaim> =>
      decide(due({ cursor: T0, active: { ...waiting, kind } }), T0 + 2_000);
    expect(at('m')).toMatchObject({ kind: 'claimed', run: { kind: 's', slot: T0 + 2_000 } });
    expect(at('r')).toEqual({ kind: 'wait' });
  });

  it('lets a task wait for its start, whatever brought it here', () => {
    const later = aTask({ status: 'pending', startTime: T0 + 60_000 });
    expect(decide(due({ nextDue: null }), T0, { of: later })).toMatchObject({
      kind: 'advance',
      due: { cursor: T0 - 1, active: null, nextDue: T0 + 60_000 },
    });
    expect(decide(due({ nextDue: T0 + 60_000 }), T0, { of: later })).toEqual({ kind: 'wait' });
    expect(decide(due({ nextDue: T0 + 60_000 }), T0 + 60_000, { of: later })).toMatchObject({
      kind: 'claimed',
    });
  });
});
