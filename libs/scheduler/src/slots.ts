import type { MissedPolicy, SkippedSlots } from '@kairos/domain';
import type { Schedule } from '@kairos/schedule';

/** Under `skip`, a slot this late still runs: a tick may come a little after its instant. */
export const SKIP_GRACE_MS = 60_000;

/** What to run now, if anything, and what passed without a run of its own. */
export interface SlotChoice {
  readonly slot: number | null;
  readonly skipped: SkippedSlots | null;
}

const NOTHING: SlotChoice = { slot: null, skipped: null };

function chooseLatest(
  schedule: Schedule,
  first: number,
  last: number,
  reason: SkippedSlots['reason'],
): SlotChoice {
  if (first === last) return { slot: last, skipped: null };
  const to = schedule.prev(last - 1) ?? first;
  return { slot: last, skipped: { from: first, to, n: schedule.count(first - 1, to), reason } };
}

/**
 * Decides over the slots in `(cursor, now]`. `once`: the latest runs for all. `all`: the earliest runs, the others wait
 * their turn. `skip`: the latest runs if it is hardly late, the others never do.
 */
export function chooseSlot(
  schedule: Schedule,
  cursor: number,
  now: number,
  missed: MissedPolicy,
): SlotChoice {
  const first = schedule.next(cursor);
  if (first === null || first > now) return NOTHING;
  if (missed === 'all') return { slot: first, skipped: null };
  const last = schedule.prev(now) ?? first;
  if (missed === 'once') return chooseLatest(schedule, first, last, 'coalesced');
  if (now - last <= SKIP_GRACE_MS) return chooseLatest(schedule, first, last, 'missed');
  return {
    slot: null,
    skipped: { from: first, to: last, n: schedule.count(cursor, last), reason: 'missed' },
  };
}
