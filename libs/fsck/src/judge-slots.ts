import type { DueItem, RunRecord, SkippedSlots, Task } from '@kairos/domain';
import type { Schedule } from '@kairos/schedule';
import { SKEW_MS } from './limits.ts';
import { violation, type Violation } from './violation.ts';

export interface SlotsLook {
  readonly task: Task;
  readonly due: DueItem;
  readonly schedule: Schedule;
  /** Newest first; may end anywhere. */
  readonly records: readonly RunRecord[];
}

/** Slots, both bounds counted, that have a run or a reason for none. */
interface Settled {
  readonly from: number;
  readonly to: number;
}

const settledBy = (run: { readonly slot: number; readonly skipped: SkippedSlots | null }): Settled => ({
  from: Math.min(run.slot, run.skipped?.from ?? run.slot),
  to: Math.max(run.slot, run.skipped?.to ?? run.slot),
});

/**
 * From the first slot that the history knows of (older lines may have been let go) up to the cursor, each slot of the
 * present schedule is in a line, held now, or skipped with a reason.
 */
function unaccounted({ task, due, schedule, records }: SlotsLook): Violation[] {
  const scheduled = records.filter((r) => r.kind === 's');
  const held = due.active?.kind === 's' ? [due.active] : [];
  const known = [...scheduled, ...held].map(settledBy).sort((a, b) => a.from - b.from);
  const first = known[0];
  if (!first) return [];
  let done = Math.max(first.from, task.epochAt) - 1;
  const found: Violation[] = [];
  for (const { from, to } of [...known, { from: due.cursor + 1, to: due.cursor }]) {
    const n = schedule.count(done, from - 1);
    if (n > 0) {
      const slot = schedule.next(done) ?? from;
      found.push(violation('slot_unaccounted', { task: task.taskId, uid: task.uid, ts: slot }, '', n));
    }
    done = Math.max(done, to);
  }
  return found;
}

/** A slot succeeds once, unless the clock went back in between: then its time did come twice. */
function succeededTwice({ task, records }: SlotsLook): Violation[] {
  const byFence = [...records].sort((a, b) => a.fence - b.fence || a.startedAt - b.startedAt);
  const seen = new Set<string>();
  const found: Violation[] = [];
  let latest = -Infinity;
  for (const r of byFence) {
    if (r.startedAt < latest - SKEW_MS) seen.clear();
    latest = r.startedAt < latest - SKEW_MS ? r.startedAt : Math.max(latest, r.startedAt);
    if (r.outcome !== 'succeeded') continue;
    if (seen.has(r.runId))
      found.push(
        violation(
          'slot_twice',
          { task: task.taskId, uid: task.uid, run: r.runId, ts: r.slot },
          `fence ${r.fence}`,
        ),
      );
    seen.add(r.runId);
  }
  return found;
}

/** Whether each slot up to the cursor came to exactly one end. Pure. */
export const judgeSlots = (p: SlotsLook): Violation[] => [...unaccounted(p), ...succeededTwice(p)];
