import type { DueItem } from '@kairos/domain';
import { MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { aDue, anActiveRun, aTask, FakeClock, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { Lease } from './lease.ts';

const LEASE_MS = 30_000;

async function held(): Promise<{
  readonly lease: Lease;
  readonly tasks: MemoryTaskStore;
  readonly clock: FakeClock;
  readonly due: DueItem;
  readonly lost: unknown[];
}> {
  const clock = new FakeClock({ now: T0 });
  const tasks = new MemoryTaskStore(new MemoryStore());
  const due = aDue({ fence: 4, active: anActiveRun({ owner: 'me#1', until: T0 + LEASE_MS }) });
  await tasks.create({ task: aTask(), due });
  const lost: unknown[] = [];
  return {
    lease: new Lease({ tasks, clock, leaseMs: LEASE_MS }, due, (reason) => lost.push(reason)),
    tasks,
    clock,
    due,
    lost,
  };
}

const change = async (tasks: MemoryTaskStore, due: DueItem, patch: Partial<DueItem>): Promise<void> => {
  await tasks.putDue({ due: { ...due, ...patch }, expectedV: due.v });
};

describe('Lease', () => {
  it('reads nothing while it outlasts another call', async () => {
    const { lease, tasks } = await held();
    await tasks.close();
    await expect(lease.ensure()).resolves.toBeUndefined();
  });

  it('is renewed once for all who ask when it runs short', async () => {
    const { lease, tasks, clock, due } = await held();
    clock.set(T0 + 15_000);
    await Promise.all([lease.ensure(), lease.ensure(), lease.ensure()]);
    expect(await tasks.getDue({ uid: due.uid })).toMatchObject({
      v: due.v + 1,
      nextDue: T0 + 15_000 + LEASE_MS,
      active: { until: T0 + 15_000 + LEASE_MS },
    });
  });

  it.each([
    [
      'another worker holds the run',
      { fence: 5, active: anActiveRun({ owner: 'other#9', until: T0 + 90_000 }) },
    ],
    [
      'the run was taken over under a new fence by the same process',
      { fence: 5, active: anActiveRun({ owner: 'me#2', until: T0 + 90_000 }) },
    ],
    ['the run was let go', { fence: 4, active: null }],
    ['the run waits for anyone', { fence: 5, active: anActiveRun({ owner: null }) }],
  ])('is lost when %s, and says so to all that runs', async (_what, patch) => {
    const { lease, tasks, clock, due, lost } = await held();
    await change(tasks, due, patch);
    clock.set(T0 + 15_000);
    await expect(lease.ensure()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(lease.reread()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(lost.length).toBeGreaterThan(0);
    expect(lease.lost).toBeDefined();
  });

  it('is lost when the task is gone', async () => {
    const { lease, tasks, due } = await held();
    await tasks.remove({ uid: due.uid });
    await expect(lease.reread()).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });
});
