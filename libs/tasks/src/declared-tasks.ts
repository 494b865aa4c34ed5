import type { Task, TaskDeclaration } from '@kairos/domain';
import type { Calendars, Clock, Ids, RunHistory, TaskStore } from '@kairos/ports';
import {
  decideDeclaration,
  declaredTask,
  newDeclared,
  withdrawnTask,
  type DeclarationAction,
  type DeclarationOptions,
} from './declaration.ts';
import { DueChanges } from './due-changes.ts';
import { firstDue, isActive, mended } from './standing.ts';
import { replaced } from './task-changes.ts';
import { timingOf, type Timing } from './timing.ts';

export interface DeclaredTasksDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly calendars?: Calendars | undefined;
  /** New tasks beyond so many, of whatever origin, are not made; default: no limit. */
  readonly maxTasks?: number | undefined;
}

/** What a file comes to, entry by entry in its order, and then what is no longer in it. */
export interface DeclarationPlan {
  /** The file's own revision, as it was given. */
  readonly revision?: string | undefined;
  /** As in `DeclarationOptions`. */
  readonly retryFailed: boolean;
  readonly actions: readonly DeclarationAction[];
}

/** How many tasks may still be made. */
interface Room {
  left: number;
}

const PAGE = 1_000;
/** Entries that are worked on at the same time. */
const LANES = 8;

/**
 * Brings the store in line with the tasks that a file declares. A plan only reads. Applying it decides each entry anew, by
 * the task as it stands then, and writes by compare-and-swap: it may be repeated, cut off between any two writes, and done
 * by several processes at once. What is no longer in the file is stopped and kept; a task made by signal is never touched.
 */
export class DeclaredTasks {
  readonly #deps: DeclaredTasksDeps;
  readonly #dues: DueChanges;
  readonly #timing: Timing;

  constructor(deps: DeclaredTasksDeps) {
    this.#deps = deps;
    this.#timing = timingOf(deps.calendars);
    this.#dues = new DueChanges(deps);
  }

  /** What applying the declarations would do. Rejects with StoreError alone. */
  async plan(
    p: DeclarationOptions & {
      readonly declarations: readonly TaskDeclaration[];
      readonly revision?: string | undefined;
    },
  ): Promise<DeclarationPlan> {
    const { retryFailed = false } = p;
    const known = new Map<string, Task>();
    for await (const task of this.#all()) known.set(task.taskId, task);
    const declared = new Set<string>();
    const actions = p.declarations.map((d): DeclarationAction => {
      if (declared.has(d.taskId)) return twice(d);
      declared.add(d.taskId);
      return decideDeclaration(d, known.get(d.taskId), { retryFailed }, this.#timing);
    });
    const gone = [...known.values()].filter((t) => t.origin === 'config' && !declared.has(t.taskId));
    const withdrawals = gone.sort((a, b) => (a.taskId < b.taskId ? -1 : 1)).map(withdrawal);
    const all = await this.#unfinished([...actions, ...withdrawals], known);
    return { revision: p.revision, retryFailed, actions: all.filter((a) => a.declaration || isToDo(a)) };
  }

  /** Does what is still to be done of a plan, and tells it in the plan's order. Rejects with StoreError alone. */
  async apply(plan: DeclarationPlan): Promise<DeclarationPlan> {
    const done = [...plan.actions];
    const room = await this.#room();
    const waiting = plan.actions.entries();
    const lane = async (): Promise<void> => {
      for (const [index, action] of waiting)
        if (isToDo(action)) done[index] = await this.#one(action, plan, room);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    return { ...plan, actions: done };
  }

  /** Tells of kept tasks whose due item was never written as they want it. */
  async #unfinished(
    actions: readonly DeclarationAction[],
    known: ReadonlyMap<string, Task>,
  ): Promise<DeclarationAction[]> {
    const now = this.#deps.clock.now();
    const kept = actions.flatMap((a) => {
      const task = a.kind === 'keep' ? known.get(a.taskId) : undefined;
      return task ? [task] : [];
    });
    const unfit = new Set<string>();
    for (let i = 0; i < kept.length; i += PAGE) {
      const page = kept.slice(i, i + PAGE);
      const dues = await this.#deps.tasks.getDues({ uids: page.map((t) => t.uid) });
      for (const task of page) {
        const due = dues.get(task.uid);
        if (due && mended(due, task, this.#timing(task), now)) unfit.add(task.taskId);
      }
    }
    return actions.map((a) => (a.kind === 'keep' && unfit.has(a.taskId) ? { ...a, unfinished: true } : a));
  }

  async #one(action: DeclarationAction, options: DeclarationOptions, room: Room): Promise<DeclarationAction> {
    const { declaration, taskId } = action;
    return declaration ? this.#declare(declaration, options, room) : this.#withdraw(taskId);
  }

  async #declare(d: TaskDeclaration, options: DeclarationOptions, room: Room): Promise<DeclarationAction> {
    const { tasks, clock } = this.#deps;
    for (;;) {
      const task = await tasks.get({ taskId: d.taskId });
      const action = decideDeclaration(d, task, options, this.#timing);
      if (action.kind === 'conflict') return action;
      if (!task) {
        const added = await this.#add(d, room);
        if (added) return added;
        continue;
      }
      if (action.kind === 'keep') {
        await this.#dues.mend(task.uid);
        return action;
      }
      const due = await tasks.getDue({ uid: task.uid });
      if (!due) continue;
      const next = declaredTask(d, task, {
        kind: action.kind,
        due,
        now: clock.now(),
        timing: this.#timing,
      });
      const after = await replaced(tasks, task, next);
      if (!after) continue;
      await this.#followUp(task, after);
      return action;
    }
  }

  /** Counted once: others who make tasks at the same moment may bring it above the limit by their number. */
  async #room(): Promise<Room> {
    const { tasks, maxTasks: max = Infinity } = this.#deps;
    return { left: max === Infinity ? max : max - (await tasks.list({ filter: {}, limit: 1 })).total };
  }

  /** Undefined: the name was taken in between. */
  async #add(d: TaskDeclaration, room: Room): Promise<DeclarationAction | undefined> {
    const { tasks, clock, ids, maxTasks } = this.#deps;
    const action = { taskId: d.taskId, declaration: d };
    if (room.left <= 0) {
      const reason = `there are as many tasks as may be (${maxTasks}): delete some, or raise limits.max_tasks`;
      return { kind: 'conflict', reason, ...action };
    }
    room.left -= 1;
    const task = newDeclared(d, { uid: ids.uid(), now: clock.now(), timing: this.#timing });
    const { created } = await tasks.create({ task, due: firstDue(task, this.#timing(task)) });
    if (created) return { kind: 'add', ...action };
    room.left += 1;
    return undefined;
  }

  /** The due item after the task: cut off before it, the next apply or the scheduler makes it fit. */
  async #followUp(before: Task, after: Task): Promise<void> {
    if (before.epochAt !== after.epochAt) await this.#dues.restart(before, after);
    else if (!isActive(after)) {
      // A run that a person ordered may go on after the task's end, but not after its stop.
      if (isActive(before) || after.status === 'stopped') await this.#dues.rest(after.uid);
    } else if (!isActive(before)) await this.#dues.wake(after.uid, true);
    else if (before.rev !== after.rev) await this.#dues.renew(after);
  }

  async #withdraw(taskId: string): Promise<DeclarationAction> {
    const { tasks, clock } = this.#deps;
    for (;;) {
      const task = await tasks.get({ taskId });
      if (task?.origin !== 'config') return { kind: 'keep', taskId, declaration: null };
      const action = withdrawal(task);
      const after =
        action.kind === 'keep' ? task : await replaced(tasks, task, withdrawnTask(task, clock.now()));
      if (!after) continue;
      await this.#dues.mend(task.uid);
      return action;
    }
  }

  async *#all(): AsyncGenerator<Task> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.tasks.list({ filter: {}, limit: PAGE, cursor });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }
}

/** Whether applying it could come to anything. A conflict may have gone since. */
const isToDo = (a: DeclarationAction): boolean =>
  a.kind === 'keep' ? a.unfinished === true : a.reason !== TWICE;

const TWICE = 'an entry above has the same name';

const twice = (d: TaskDeclaration): DeclarationAction => ({
  kind: 'conflict',
  taskId: d.taskId,
  reason: TWICE,
  declaration: d,
});

/** What becomes of a declared task that the file names no more. */
const withdrawal = ({ taskId, declared }: Task): DeclarationAction =>
  declared?.withdrawn === true
    ? { kind: 'keep', taskId, declaration: null }
    : {
        kind: 'withdraw',
        taskId,
        reason: 'it is no longer in the file: stopped, its runs and data stay',
        declaration: null,
      };
