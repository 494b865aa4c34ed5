import type { DueItem, RunRecord, Task, TaskContent } from '@kairos/domain';
import { ConflictError, hash53, NotFoundError, runIdOf, ValidationError } from '@kairos/domain';
import type {
  Ids,
  Page,
  SeriesRef,
  TaskCommands,
  TaskFilter,
  TaskPatch,
  TaskQueries,
  TaskSummaryPage,
  TaskView,
} from '@kairos/ports';
import { DueChanges } from './due-changes.ts';
import { beginning, firstDue, isActive, nextEpoch } from './standing.ts';
import { heldTask, replaced } from './task-changes.ts';
import { nameOf, newTask, patchContent, restarted, sameContent, seriesAfterUpdate } from './task-content.ts';
import { TaskReads, type TaskReadsDeps } from './task-reads.ts';
import { timingOf, type Timing } from './timing.ts';

export interface TaskServiceDeps extends TaskReadsDeps {
  readonly ids: Ids;
  /** New tasks beyond so many are refused; default: no limit. */
  readonly maxTasks?: number | undefined;
  /** The file that declares tasks, as people are told of it; default `config/scheduled-tasks.json`. */
  readonly declaredIn?: string | undefined;
}

/** Where declared tasks are changed, unless a deployment says otherwise. */
export const DECLARED_IN = 'config/scheduled-tasks.json';

interface ListQuestion {
  readonly filter: TaskFilter;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/**
 * What people do to tasks. Every change is a compare-and-swap, repeated on conflict, so commands from several doors and
 * a running scheduler never lose each other's work. Any command is safe to repeat. Tasks that a file declares are changed
 * there alone (`TASK_DECLARED`); signals can look at them, run them, and delete them once they are out of the file.
 */
export class TaskService implements TaskCommands, TaskQueries {
  readonly #deps: TaskServiceDeps;
  readonly #dues: DueChanges;
  readonly #reads: TaskReads;
  readonly #timing: Timing;

  constructor(deps: TaskServiceDeps) {
    this.#deps = deps;
    this.#dues = new DueChanges(deps);
    this.#reads = new TaskReads(deps);
    this.#timing = timingOf(deps.calendars);
  }

  async create(p: {
    readonly taskId?: string | undefined;
    readonly content: TaskContent;
  }): Promise<{ readonly task: Task; readonly created: boolean }> {
    const taskId = p.taskId ?? nameOf(p.content);
    const now = this.#deps.clock.now();
    const uid = this.#deps.ids.uid();
    const task = newTask({ content: p.content, taskId, uid, now, timing: this.#timing });
    if (!(await this.#deps.tasks.get({ taskId }))) {
      if (task.status === 'completed') throw neverRuns(task);
      await this.#makeRoom();
    }
    const answer = await this.#deps.tasks.create({ task, due: firstDue(task, this.#timing(task)) });
    if (!answer.created && !sameContent(answer.task, p.content)) {
      this.#refuseDeclared(answer.task);
      throw new ConflictError('TASK_EXISTS', `task ${taskId} exists with other content`, { task_id: taskId });
    }
    return answer;
  }

  async update(p: {
    readonly taskId: string;
    readonly patch: TaskPatch;
    readonly expectedRev?: number | undefined;
  }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { before, after } = await this.#change(p.taskId, (task, due) => {
      if (p.expectedRev !== undefined && p.expectedRev !== task.rev) {
        throw new ConflictError('REV_CONFLICT', `task ${p.taskId} is at revision ${task.rev}`, {
          rev: task.rev,
          expected: p.expectedRev,
        });
      }
      const content = patchContent(task, p.patch);
      if (sameContent(task, content)) return task;
      const epochAt = Math.max(nextEpoch(due, now), content.startTime ?? 0);
      const next = { ...content, epochAt };
      const begun = beginning(next, this.#timing(next), { cursor: epochAt - 1, now });
      const asksWhen = p.patch.schedule !== undefined || p.patch.timezone !== undefined;
      if (asksWhen && begun.status === 'completed') throw neverRuns(next);
      return {
        ...task,
        ...content,
        ...begun,
        rev: task.rev + 1,
        status: task.status === 'stopped' ? task.status : begun.status,
        epochAt,
        updatedAt: now,
        series: seriesAfterUpdate(task, content),
      };
    });
    if (before.rev !== after.rev) await this.#dues.restart(before, after);
    else await this.#dues.wake(after.uid, false);
    return after;
  }

  async remove(p: { readonly taskId: string }): Promise<void> {
    const { task } = await heldTask(this.#deps.tasks, p.taskId);
    if (task.origin === 'config') return this.#removeWithdrawn(p.taskId);
    await this.#dues.halt(task.uid, () => ({ nextDue: null }));
    await this.#deps.tasks.remove({ uid: task.uid });
  }

  async start(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { before, after } = await this.#change(p.taskId, (task) =>
      isActive(task)
        ? task
        : {
            ...task,
            // What has no slot to come is started for one run, and completed by it.
            status: task.startTime !== null && task.startTime > now ? 'pending' : 'running',
            error: null,
            health: { state: 'ok', reasons: [] },
            series: task.series.map((s) =>
              s.state === 'failed' || s.state === 'blocked' ? restarted(s) : s,
            ),
            updatedAt: now,
          },
    );
    await this.#dues.wake(after.uid, before.status !== after.status);
    return after;
  }

  async stop(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { after } = await this.#change(p.taskId, (task) =>
      task.status === 'stopped' ? task : { ...task, status: 'stopped', updatedAt: now },
    );
    await this.#dues.halt(after.uid, (_due, task) =>
      task.status === 'stopped' ? { nextDue: null } : undefined,
    );
    return after;
  }

  async run(p: {
    readonly taskId: string;
    readonly requestId?: string | undefined;
  }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task } = await heldTask(this.#deps.tasks, p.taskId);
    if (task.status === 'stopped') throw this.#stopped(task);
    const slot = p.requestId === undefined ? this.#deps.clock.now() : requestSlot(p.requestId);
    if (p.requestId !== undefined && (await this.#ranBefore(task, 'm', slot)))
      return { runId: runIdOf(task.uid, 'm', slot), task };
    const order = { kind: 'm', slot, refetch: null, named: p.requestId !== undefined } as const;
    return { runId: await this.#dues.order(task, order), task };
  }

  async refetch(p: {
    readonly series: SeriesRef;
    readonly range: { readonly from: number; readonly to: number };
    readonly reason: string;
  }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task, seriesKey } = await this.#reads.collectorOf(p.series);
    const refetch = { seriesKey, from: p.range.from, to: p.range.to, reason: p.reason };
    const order = { kind: 'r', slot: this.#deps.clock.now(), refetch, named: false } as const;
    return { runId: await this.#dues.order(task, order), task };
  }

  view(p: { readonly taskId: string }): Promise<TaskView> {
    return this.#reads.view(p);
  }

  list(p: ListQuestion): Promise<TaskSummaryPage> {
    return this.#reads.list(p);
  }

  search(p: ListQuestion & { readonly query: string }): Promise<TaskSummaryPage> {
    return this.#reads.search(p);
  }

  runs(p: {
    readonly taskId: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>> {
    return this.#reads.runs(p);
  }

  /** Counted before, not within, the creation: calls at the same moment may exceed the limit by their number. */
  async #makeRoom(): Promise<void> {
    const { tasks, maxTasks: max = Infinity } = this.#deps;
    if (max === Infinity) return;
    const { total } = await tasks.list({ filter: {}, limit: 1 });
    if (total >= max)
      throw new ConflictError('TOO_MANY_TASKS', `there are ${total} tasks, and no more than ${max} may be`, {
        max,
      });
  }

  /** Applies a pure change to the task until it sticks. The same object back means: nothing to write. */
  async #change(
    taskId: string,
    change: (task: Task, due: DueItem) => Task,
  ): Promise<{ readonly before: Task; readonly after: Task }> {
    for (;;) {
      const { task, due } = await heldTask(this.#deps.tasks, taskId);
      this.#refuseDeclared(task);
      const next = change(task, due);
      if (next === task) return { before: task, after: task };
      const after = await replaced(this.#deps.tasks, task, next);
      if (after) return { before: task, after };
    }
  }

  /** Only as it was looked at: a task that comes back into the file meanwhile stays. */
  async #removeWithdrawn(taskId: string): Promise<void> {
    for (;;) {
      const { task, due } = await heldTask(this.#deps.tasks, taskId);
      if (task.declared?.withdrawn !== true) this.#refuseDeclared(task);
      if (await this.#deps.tasks.remove({ uid: task.uid, expected: { v: task.v, dueV: due.v } })) return;
      if (!(await this.#deps.tasks.getByUid({ uid: task.uid }))) throw gone(taskId);
    }
  }

  #refuseDeclared(task: Task): void {
    if (task.origin !== 'config') return;
    const { taskId, declared } = task;
    const file = this.#deps.declaredIn ?? DECLARED_IN;
    const remedy =
      declared?.withdrawn === true
        ? 'is no longer in the file: put it back there, or delete it'
        : `is declared there: change its entry "${taskId}"`;
    throw new ConflictError('TASK_DECLARED', `task ${taskId} of ${file} ${remedy}`, {
      task_id: taskId,
      file,
      withdrawn: declared?.withdrawn === true,
    });
  }

  #stopped({ taskId, origin }: Task): ConflictError {
    const file = this.#deps.declaredIn ?? DECLARED_IN;
    const remedy = origin === 'config' ? `enable it in ${file} first` : 'start it first';
    return new ConflictError('TASK_STOPPED', `task ${taskId} is stopped; ${remedy}`, { task_id: taskId });
  }

  async #ranBefore(task: Task, kind: 'm', slot: number): Promise<boolean> {
    const due = await this.#deps.tasks.getDue({ uid: task.uid });
    if (due?.active?.kind === kind && due.active.slot === slot) return true;
    return this.#deps.history.ran({ uid: task.uid, kind, slot });
  }
}

/** A repeated signal finds its task, however old; a new one that comes too late is a mistake. */
const neverRuns = ({ schedule, timezone }: Pick<Task, 'schedule' | 'timezone'>): ValidationError =>
  new ValidationError([
    { path: 'schedule', code: 'schedule_past', params: { got: schedule ?? '', zone: timezone } },
  ]);

const gone = (taskId: string): NotFoundError => new NotFoundError('task', taskId, 'TASK_NOT_FOUND');

/** A stable stand-in for the receipt time of a named request: same name, same slot. */
const requestSlot = (requestId: string): number => hash53(requestId) % 10_000_000_000_000;
