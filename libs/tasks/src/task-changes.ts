import type { DueItem, Task } from '@kairos/domain';
import { NotFoundError } from '@kairos/domain';
import type { TaskStore } from '@kairos/ports';

export interface Held {
  readonly task: Task;
  readonly due: DueItem;
}

/** A task and its due item. @throws NotFoundError `TASK_NOT_FOUND` */
export async function heldTask(tasks: TaskStore, taskId: string): Promise<Held> {
  const task = await tasks.get({ taskId });
  const due = task && (await tasks.getDue({ uid: task.uid }));
  if (!task || !due) throw new NotFoundError('task', taskId, 'TASK_NOT_FOUND');
  return { task, due };
}

/**
 * Writes a changed task if it still is as it was read. Undefined: it is not, and everything is to be decided anew.
 */
export async function replaced(tasks: TaskStore, before: Task, next: Task): Promise<Task | undefined> {
  const answer = await tasks.replace({ task: next, expectedV: before.v });
  if (answer.outcome === 'committed') return answer.value;
  const stored = answer.outcome === 'unknown' ? await tasks.getByUid({ uid: next.uid }) : undefined;
  return stored && sameTask(stored, { ...next, v: before.v + 1 }) ? stored : undefined;
}

/** Equal in all that is kept, whatever the order of fields. */
const sameTask = (a: Task, b: Task): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (task: Task): unknown => Object.entries(task).sort(([x], [y]) => (x < y ? -1 : 1));
