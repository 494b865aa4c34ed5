import type { ActiveRun, DueItem, RunRecord, SkippedSlots, Task, TaskContent } from '@kairos/domain';
import {
  ConflictError,
  contentId,
  hash53,
  NO_STATS,
  NotFoundError,
  runIdOf,
  sameSymbol,
  taskStart,
} from '@kairos/domain';
import type {
  Calendar,
  Clock,
  Ids,
  Page,
  RunHistory,
  SeriesRef,
  SeriesStore,
  TaskCommands,
  TaskFilter,
  TaskPatch,
  TaskQueries,
  TaskStore,
  TaskSummaryPage,
  TaskView,
} from '@kairos/ports';
import { scheduleOf } from '@kairos/schedule';
import {
  contentOf,
  newTask,
  patchContent,
  restarted,
  sameContent,
  seriesAfterUpdate,
} from './task-content.ts';
import { progressOf } from './progress.ts';

export interface TaskServiceDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly ids: Ids;
  /** New tasks beyond so many are refused; default: no limit. */
  readonly maxTasks?: number | undefined;
}

interface Held {
  readonly task: Task;
  readonly due: DueItem;
}

/**
 * What people do to tasks. Every change is a compare-and-swap, repeated on conflict, so commands from several doors and
 * a running scheduler never lose each other's work. Any command is safe to repeat.
 */
export class TaskService implements TaskCommands, TaskQueries {
  readonly #deps: TaskServiceDeps;

  constructor(deps: TaskServiceDeps) {
    this.#deps = deps;
  }

  async create(p: {
    readonly taskId?: string | undefined;
    readonly content: TaskContent;
  }): Promise<{ readonly task: Task; readonly created: boolean }> {
    const now = this.#deps.clock.now();
    const taskId = p.taskId ?? `task_${contentId(JSON.stringify(contentOf(p.content)))}`;
    const task = newTask({ content: p.content, taskId, uid: this.#deps.ids.uid(), now });
    await this.#makeRoom(taskId);
    const answer = await this.#deps.tasks.create({ task, due: firstDue(task) });
    if (!answer.created && !sameContent(answer.task, p.content)) {
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
    const changed = await this.#change(p.taskId, (task, due) => {
      if (p.expectedRev !== undefined && p.expectedRev !== task.rev) {
        throw new ConflictError('REV_CONFLICT', `task ${p.taskId} is at revision ${task.rev}`, {
          rev: task.rev,
          expected: p.expectedRev,
        });
      }
      const content = patchContent(task, p.patch);
      if (sameContent(task, content)) return task;
      const resumed = task.status === 'stopped' ? task.status : startStatus(content, now);
      return {
        ...task,
        ...content,
        rev: task.rev + 1,
        status: resumed,
        error: null,
        health: { state: 'ok', reasons: [] },
        epochAt: Math.max(nextEpoch(due, now), content.startTime ?? 0),
        updatedAt: now,
        series: seriesAfterUpdate(task, content),
      };
    });
    if (changed.before.rev !== changed.after.rev) await this.#restart(changed.after);
    else await this.#wake(changed.after.uid, false);
    return changed.after;
  }

  async remove(p: { readonly taskId: string }): Promise<void> {
    const { task } = await this.#held(p.taskId);
    await this.#halt(task.uid, () => ({ nextDue: null }));
    await this.#deps.tasks.remove({ uid: task.uid });
  }

  async start(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { before, after } = await this.#change(p.taskId, (task) =>
      task.status === 'running' || task.status === 'pending'
        ? task
        : {
            ...task,
            status: startStatus(task, now),
            error: null,
            health: { state: 'ok', reasons: [] },
            series: task.series.map((s) =>
              s.state === 'failed' || s.state === 'blocked' ? restarted(s) : s,
            ),
            updatedAt: now,
          },
    );
    await this.#wake(after.uid, before.status !== after.status);
    return after;
  }

  async stop(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { after } = await this.#change(p.taskId, (task) =>
      task.status === 'stopped' ? task : { ...task, status: 'stopped', updatedAt: now },
    );
    await this.#halt(after.uid, (_due, now) => (now.status === 'stopped' ? { nextDue: null } : undefined));
    return after;
  }

  async run(p: {
    readonly taskId: string;
    readonly requestId?: string | undefined;
  }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task } = await this.#held(p.taskId);
    if (task.status === 'stopped')
      throw new ConflictError('TASK_STOPPED', `task ${p.taskId} is stopped; start it first`, {
        task_id: p.taskId,
      });
    const slot = p.requestId === undefined ? this.#deps.clock.now() : requestSlot(p.requestId);
    if (p.requestId !== undefined && (await this.#ranBefore(task, 'm', slot)))
      return { runId: runIdOf(task.uid, 'm', slot), task };
    return {
      runId: await this.#order(task, { kind: 'm', slot, refetch: null, named: p.requestId !== undefined }),
      task,
    };
  }

  async refetch(p: {
    readonly series: SeriesRef;
    readonly range: { readonly from: number; readonly to: number };
    readonly reason: string;
  }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task, seriesKey } = await this.#collectorOf(p.series);
    const refetch = { seriesKey, from: p.range.from, to: p.range.to, reason: p.reason };
    return {
      runId: await this.#order(task, { kind: 'r', slot: this.#deps.clock.now(), refetch, named: false }),
      task,
    };
  }

  async view(p: { readonly taskId: string }): Promise<TaskView> {
    const { task, due } = await this.#held(p.taskId);
    return {
      task,
      start: taskStart(task),
      nextRunAt: nextRunAt(task, due),
      activeRunId: due.active ? runIdOf(task.uid, due.active.kind, due.active.slot) : null,
      progress: await progressOf(task, this.#deps),
    };
  }

  async list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskSummaryPage> {
    return this.#summaries(await this.#deps.tasks.list(p));
  }

  async search(p: {
    readonly query: string;
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskSummaryPage> {
    return this.#summaries(await this.#deps.tasks.search(p));
  }

  async runs(p: {
    readonly taskId: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>> {
    const { task } = await this.#held(p.taskId);
    return this.#deps.history.list({ uid: task.uid, limit: p.limit, cursor: p.cursor });
  }

  /** Counted before, not within, the creation: calls at the same moment may exceed the limit by their number. */
  async #makeRoom(taskId: string): Promise<void> {
    const { tasks, maxTasks: max = Infinity } = this.#deps;
    if (max === Infinity || (await tasks.get({ taskId }))) return;
    const { total } = await tasks.list({ filter: {}, limit: 1 });
    if (total >= max)
      throw new ConflictError('TOO_MANY_TASKS', `there are ${total} tasks, and no more than ${max} may be`, {
        max,
      });
  }

  async #summaries(page: Page<Task> & { readonly total: number }): Promise<TaskSummaryPage> {
    const items = await Promise.all(
      page.items.map(async (task) => {
        const due = await this.#deps.tasks.getDue({ uid: task.uid });
        return { task, start: taskStart(task), nextRunAt: due ? nextRunAt(task, due) : null };
      }),
    );
    return { items, total: page.total, next: page.next };
  }

  async #held(taskId: string): Promise<Held> {
    const task = await this.#deps.tasks.get({ taskId });
    const due = task && (await this.#deps.tasks.getDue({ uid: task.uid }));
    if (!task || !due) throw new NotFoundError('task', taskId, 'TASK_NOT_FOUND');
    return { task, due };
  }

  /** Applies a pure change to the task until it sticks. The same object back means: nothing to write. */
  async #change(
    taskId: string,
    change: (task: Task, due: DueItem) => Task,
  ): Promise<{ readonly before: Task; readonly after: Task }> {
    for (;;) {
      const { task, due } = await this.#held(taskId);
      if (task.origin === 'config')
        throw new ConflictError(
          'TASK_DECLARED',
          `task ${taskId} is declared in the configuration; change it there`,
          { task_id: taskId },
        );
      const next = change(task, due);
      if (next === task) return { before: task, after: task };
      const answer = await this.#deps.tasks.replace({ task: next, expectedV: task.v });
      if (answer.outcome === 'committed') return { before: task, after: answer.value };
      const stored =
        answer.outcome === 'unknown' ? await this.#deps.tasks.getByUid({ uid: next.uid }) : undefined;
      if (stored && sameTask(stored, { ...next, v: task.v + 1 })) return { before: task, after: stored };
    }
  }

  /**
   * Changes the due item until it sticks. The task is read after the due item, so a command that came later is either
   * seen here or writes the due item once more. The same object back means: nothing to write.
   */
  async #changeDue(
    uid: string,
    change: (due: DueItem, task: Task) => DueItem,
  ): Promise<{ readonly before: DueItem; readonly after: DueItem } | undefined> {
    for (;;) {
      const due = await this.#deps.tasks.getDue({ uid });
      const task = await this.#deps.tasks.getByUid({ uid });
      if (!due || !task) return undefined;
      const next = change(due, task);
      if (next === due) return { before: due, after: due };
      const answer = await this.#deps.tasks.putDue({ due: next, expectedV: due.v });
      if (answer.outcome === 'committed') return { before: due, after: answer.value };
    }
  }

  /**
   * Takes the task out of work: what runs loses its fence, and its slot gets its outcome. `patch` sees the task as it
   * stands now; undefined means that a later command has made the halt pointless.
   */
  async #halt(uid: string, patch: (due: DueItem, task: Task) => Partial<DueItem> | undefined): Promise<void> {
    const moved = await this.#changeDue(uid, (due, task) => {
      const changes = patch(due, task);
      return changes
        ? { ...due, fence: due.active?.owner ? due.fence + 1 : due.fence, active: null, ...changes }
        : due;
    });
    const active = moved && moved.before !== moved.after ? moved.before.active : null;
    if (moved && active?.owner)
      await this.#deps.history.put({ record: this.#cancelled(uid, active, moved.before.fence) });
  }

  /** New content takes effect at once: the epoch's first slot is the moment of the change. */
  async #restart(changed: Task): Promise<void> {
    await this.#halt(changed.uid, (due, task) => {
      if (task.rev !== changed.rev) return undefined;
      const nextDue = task.status === 'stopped' ? null : Math.max(task.epochAt, taskStart(task));
      return { cursor: Math.min(due.cursor, task.epochAt - 1), nextDue };
    });
  }

  /**
   * Makes an active task due that nothing else would wake: started anew, or cut off between its task and its due item.
   * `overrule`: writes in any case, so that a stop under way that came before sees the start.
   */
  async #wake(uid: string, overrule: boolean): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#changeDue(uid, (due, task) => {
      const asleep =
        due.active === null &&
        due.nextDue === null &&
        (task.status === 'running' || task.status === 'pending');
      if (asleep) return { ...due, ...awake(due, task, now) };
      return overrule ? { ...due } : due;
    });
  }

  #cancelled(uid: string, run: ActiveRun, fence: number): RunRecord {
    const { kind, slot, attempt, hop, startedAt, skipped } = run;
    return {
      runId: runIdOf(uid, kind, slot),
      uid,
      kind,
      slot,
      fence,
      attempt,
      hop,
      outcome: 'cancelled',
      startedAt,
      endedAt: this.#deps.clock.now(),
      worker: run.owner ?? '',
      skipped,
      error: null,
      stats: NO_STATS,
    };
  }

  async #ranBefore(task: Task, kind: 'm', slot: number): Promise<boolean> {
    const due = await this.#deps.tasks.getDue({ uid: task.uid });
    if (due?.active?.kind === kind && due.active.slot === slot) return true;
    return this.#deps.history.ran({ uid: task.uid, kind, slot });
  }

  /**
   * Puts a waiting run into the due item. @throws ConflictError `CONFLICT_RUN_ACTIVE` while another is held or waits; a named
   * order that is there already is the one that was asked for.
   */
  async #order(
    task: Task,
    order: {
      readonly kind: 'm' | 'r';
      readonly slot: number;
      readonly refetch: ActiveRun['refetch'];
      readonly named: boolean;
    },
  ): Promise<string> {
    const { kind, slot, refetch, named } = order;
    const now = this.#deps.clock.now();
    await this.#changeDue(task.uid, (due) => {
      if (named && due.active?.kind === kind && due.active.slot === slot) return due;
      if (due.active) {
        const runId = runIdOf(task.uid, due.active.kind, due.active.slot);
        throw new ConflictError('CONFLICT_RUN_ACTIVE', `run ${runId} of task ${task.taskId} is active`, {
          run_id: runId,
        });
      }
      return { ...due, active: waitingRun(kind, slot, now, refetch), nextDue: now };
    });
    return runIdOf(task.uid, kind, slot);
  }

  async #collectorOf(ref: SeriesRef): Promise<{ readonly task: Task; readonly seriesKey: string }> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.tasks.list({
        filter: { source: ref.source, dataType: ref.dataType },
        limit: 500,
        cursor,
      });
      for (const task of page.items) {
        const series =
          task.frequency === ref.frequency
            ? task.series.find((s) => matches(s.symbol, s.instrument, ref.symbol))
            : undefined;
        if (series?.seriesKey && (await this.#isOfRealm(series.seriesKey, ref.realm)))
          return { task, seriesKey: series.seriesKey };
      }
      cursor = page.next;
    } while (cursor !== undefined);
    throw new NotFoundError(
      'a task that collects',
      `${ref.source} ${ref.symbol} ${ref.dataType} ${ref.frequency}`,
      'TASK_NOT_FOUND',
    );
  }

  async #isOfRealm(seriesKey: string, realm: string | undefined): Promise<boolean> {
    return realm === undefined || (await this.#deps.series.getSeries({ key: seriesKey }))?.realm === realm;
  }
}

/** Equal in all that is kept, whatever the order of fields. */
const sameTask = (a: Task, b: Task): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

const sorted = (task: Task): unknown => Object.entries(task).sort(([x], [y]) => (x < y ? -1 : 1));

const matches = (symbol: string, instrument: string | null, asked: string): boolean =>
  sameSymbol(symbol, asked) ||
  (instrument !== null &&
    (instrument === asked || sameSymbol(instrument.slice(instrument.indexOf(':') + 1), asked)));

/** A cursor further ahead than this was written by a clock that has since gone back. */
const CURSOR_DOUBT_MS = 600_000;

/** The epoch of changed content: now, but never at or before a slot that has already started. */
const nextEpoch = (due: DueItem, now: number): number =>
  due.cursor > now + CURSOR_DOUBT_MS ? now : Math.max(now, due.cursor + 1);

/**
 * A task that is started anew works at once: on the slots it missed, if there are any, by its policy; else in a run of
 * its own. One whose start lies ahead waits for it.
 */
function awake(due: DueItem, task: Task, now: number): Pick<DueItem, 'active' | 'nextDue'> {
  if (task.status === 'pending') return { active: null, nextDue: Math.max(now, task.startTime ?? 0) };
  const next = scheduleOf(task).next(due.cursor);
  const missed = next !== null && next <= now;
  return { active: missed ? null : waitingRun('m', now, now, null), nextDue: now };
}

const startStatus = (content: Pick<TaskContent, 'startTime'>, now: number): Task['status'] =>
  content.startTime !== null && content.startTime > now ? 'pending' : 'running';

/** A stable stand-in for the receipt time of a named request: same name, same slot. */
const requestSlot = (requestId: string): number => hash53(requestId) % 10_000_000_000_000;

function firstDue(task: Task): DueItem {
  const first = Math.max(task.epochAt, task.startTime ?? 0);
  return { uid: task.uid, cursor: task.epochAt - 1, nextDue: first, fence: 0, v: 1, active: null };
}

function waitingRun(kind: 'm' | 'r', slot: number, now: number, refetch: ActiveRun['refetch']): ActiveRun {
  const skipped: SkippedSlots | null = null;
  return {
    kind,
    slot,
    attempt: 0,
    failures: 0,
    hop: 0,
    idle: 0,
    owner: null,
    until: 0,
    notBefore: now,
    startedAt: now,
    skipped,
    refetch,
  };
}

function nextRunAt(task: Task, due: DueItem): number | null {
  if (due.active?.owner === null) return due.active.notBefore;
  if (task.status !== 'running' && task.status !== 'pending') return null;
  return scheduleOf(task).next(due.cursor);
}
