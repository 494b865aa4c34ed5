import type { ActiveRun, DueItem, RunRecord, SkippedSlots, Task, TaskContent } from '@kairos/domain';
import { ConflictError, contentId, hash53, NO_STATS, NotFoundError, runIdOf, sameSymbol, scheduleOf, taskStart } from '@kairos/domain';
import type { Calendar, Clock, Ids, Page, RunHistory, SeriesRef, SeriesStore, TaskCommands, TaskFilter, TaskPatch, TaskQueries, TaskStore, TaskSummaryPage, TaskView } from '@kairos/ports';
import { newTask, patchContent, sameContent, seriesAfterUpdate } from './task-content.ts';
import { progressOf } from './progress.ts';

export interface TaskServiceDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly ids: Ids;
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

  async create(p: { readonly taskId?: string | undefined; readonly content: TaskContent }): Promise<{ readonly task: Task; readonly created: boolean }> {
    const now = this.#deps.clock.now();
    const taskId = p.taskId ?? `task_${contentId(JSON.stringify(p.content))}`;
    const task = newTask({ content: p.content, taskId, uid: this.#deps.ids.uid(), now });
    const answer = await this.#deps.tasks.create({ task, due: firstDue(task) });
    if (!answer.created && !sameContent(answer.task, p.content)) {
      throw new ConflictError('TASK_EXISTS', `task ${taskId} exists with other content`, { task_id: taskId });
    }
    return answer;
  }

  async update(p: { readonly taskId: string; readonly patch: TaskPatch; readonly expectedRev?: number | undefined }): Promise<Task> {
    const now = this.#deps.clock.now();
    const changed = await this.#change(p.taskId, (task) => {
      if (p.expectedRev !== undefined && p.expectedRev !== task.rev) {
        throw new ConflictError('REV_CONFLICT', `task ${p.taskId} is at revision ${task.rev}`, { rev: task.rev, expected: p.expectedRev });
      }
      const content = patchContent(task, p.patch);
      if (sameContent(task, content)) return task;
      const resumed = task.status === 'stopped' ? task.status : startStatus(content, now);
      return { ...task, ...content, rev: task.rev + 1, status: resumed, error: null, epochAt: now, updatedAt: now, series: seriesAfterUpdate(task, content) };
    });
    if (changed.before.rev !== changed.after.rev) await this.#restart(changed.after);
    return changed.after;
  }

  async remove(p: { readonly taskId: string }): Promise<void> {
    const { task } = await this.#held(p.taskId);
    await this.#halt(task, 'cancelled');
    await this.#deps.tasks.remove({ uid: task.uid });
  }

  async start(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { before, after } = await this.#change(p.taskId, (task) =>
      task.status === 'running' || task.status === 'pending'
        ? task
        : { ...task, status: startStatus(task, now), error: null, health: { state: 'ok', reasons: [] }, updatedAt: now },
    );
    if (before.status !== after.status) await this.#wake(after);
    return after;
  }

  async stop(p: { readonly taskId: string }): Promise<Task> {
    const now = this.#deps.clock.now();
    const { after } = await this.#change(p.taskId, (task) =>
      task.status === 'stopped' ? task : { ...task, status: 'stopped', updatedAt: now },
    );
    await this.#halt(after, 'cancelled');
    return after;
  }

  async run(p: { readonly taskId: string; readonly requestId?: string | undefined }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task } = await this.#held(p.taskId);
    if (task.status === 'stopped') throw new ConflictError('TASK_STOPPED', `task ${p.taskId} is stopped; start it first`, { task_id: p.taskId });
    const slot = p.requestId === undefined ? this.#deps.clock.now() : requestSlot(p.requestId);
    if (p.requestId !== undefined && (await this.#ranBefore(task, 'm', slot))) return { runId: runIdOf(task.uid, 'm', slot), task };
    return { runId: await this.#order(task, 'm', slot, null), task };
  }

  async refetch(p: { readonly series: SeriesRef; readonly range: { readonly from: number; readonly to: number }; readonly reason: string }): Promise<{ readonly runId: string; readonly task: Task }> {
    const { task, seriesKey } = await this.#collectorOf(p.series);
    const order = { seriesKey, from: p.range.from, to: p.range.to, reason: p.reason };
    return { runId: await this.#order(task, 'r', this.#deps.clock.now(), order), task };
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

  async list(p: { readonly filter: TaskFilter; readonly limit: number; readonly cursor?: string | undefined }): Promise<TaskSummaryPage> {
    return this.#summaries(await this.#deps.tasks.list(p));
  }

  async search(p: { readonly query: string; readonly filter: TaskFilter; readonly limit: number; readonly cursor?: string | undefined }): Promise<TaskSummaryPage> {
    return this.#summaries(await this.#deps.tasks.search(p));
  }

  async runs(p: { readonly taskId: string; readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<RunRecord>> {
    const { task } = await this.#held(p.taskId);
    return this.#deps.history.list({ uid: task.uid, limit: p.limit, cursor: p.cursor });
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
  async #change(taskId: string, change: (task: Task) => Task): Promise<{ readonly before: Task; readonly after: Task }> {
    for (;;) {
      const { task } = await this.#held(taskId);
      if (task.origin === 'config') throw new ConflictError('TASK_DECLARED', `task ${taskId} is declared in the configuration; change it there`, { task_id: taskId });
      const next = change(task);
      if (next === task) return { before: task, after: task };
      const answer = await this.#deps.tasks.replace({ task: next, expectedV: task.v });
      if (answer.outcome === 'committed') return { before: task, after: answer.value };
    }
  }

  async #changeDue(uid: string, change: (due: DueItem) => DueItem): Promise<{ readonly before: DueItem; readonly after: DueItem } | undefined> {
    for (;;) {
      const due = await this.#deps.tasks.getDue({ uid });
      if (!due) return undefined;
      const next = change(due);
      if (next === due) return { before: due, after: due };
      const answer = await this.#deps.tasks.putDue({ due: next, expectedV: due.v });
      if (answer.outcome === 'committed') return { before: due, after: answer.value };
    }
  }

  /** Takes the task out of work: what runs loses its fence, and its slot gets its outcome. */
  async #halt(task: Task, outcome: 'cancelled', patch: (due: DueItem) => Partial<DueItem> = () => ({ nextDue: null })): Promise<void> {
    const moved = await this.#changeDue(task.uid, (due) => ({
      ...due,
      fence: due.active?.owner ? due.fence + 1 : due.fence,
      active: null,
      ...patch(due),
    }));
    const active = moved?.before.active;
    if (moved && active?.owner) await this.#deps.history.put({ record: this.#cancelled(task.uid, active, moved.before.fence, outcome) });
  }

  /** New content takes effect at once: the epoch's first slot is the moment of the change. */
  async #restart(task: Task): Promise<void> {
    const active = task.status === 'stopped' ? null : Math.max(task.epochAt, taskStart(task));
    await this.#halt(task, 'cancelled', (due) => ({ cursor: Math.min(due.cursor, task.epochAt - 1), nextDue: active }));
  }

  async #wake(task: Task): Promise<void> {
    await this.#changeDue(task.uid, (due) => (due.active ? due : { ...due, nextDue: this.#deps.clock.now() }));
  }

  #cancelled(uid: string, run: ActiveRun, fence: number, outcome: 'cancelled'): RunRecord {
    const { kind, slot, attempt, hop, startedAt, skipped } = run;
    return { runId: runIdOf(uid, kind, slot), uid, kind, slot, fence, attempt, hop, outcome, startedAt, endedAt: this.#deps.clock.now(), worker: run.owner ?? '', skipped, error: null, stats: NO_STATS };
  }

  async #ranBefore(task: Task, kind: 'm', slot: number): Promise<boolean> {
    const due = await this.#deps.tasks.getDue({ uid: task.uid });
    if (due?.active?.kind === kind && due.active.slot === slot) return true;
    const page = await this.#deps.history.list({ uid: task.uid, limit: 1_000 });
    return page.items.some((r) => r.kind === kind && r.slot === slot);
  }

  /** Puts a waiting run into the due item. @throws ConflictError `RUN_ACTIVE` while one is held or waits. */
  async #order(task: Task, kind: 'm' | 'r', slot: number, refetch: ActiveRun['refetch']): Promise<string> {
    const now = this.#deps.clock.now();
    await this.#changeDue(task.uid, (due) => {
      if (due.active) {
        const runId = runIdOf(task.uid, due.active.kind, due.active.slot);
        throw new ConflictError('RUN_ACTIVE', `run ${runId} of task ${task.taskId} is active`, { run_id: runId });
      }
      return { ...due, active: waitingRun(kind, slot, now, refetch), nextDue: now };
    });
    return runIdOf(task.uid, kind, slot);
  }

  async #collectorOf(ref: SeriesRef): Promise<{ readonly task: Task; readonly seriesKey: string }> {
    let cursor: string | undefined;
    do {
      const page = await this.#deps.tasks.list({ filter: { source: ref.source, dataType: ref.dataType }, limit: 500, cursor });
      for (const task of page.items) {
        const series = task.frequency === ref.frequency ? task.series.find((s) => matches(s.symbol, s.instrument, ref.symbol)) : undefined;
        if (series?.seriesKey) return { task, seriesKey: series.seriesKey };
      }
      cursor = page.next;
    } while (cursor !== undefined);
    throw new NotFoundError('a task that collects', `${ref.source} ${ref.symbol} ${ref.dataType} ${ref.frequency}`, 'TASK_NOT_FOUND');
  }
}

const matches = (symbol: string, instrument: string | null, asked: string): boolean =>
  sameSymbol(symbol, asked) || (instrument !== null && (instrument === asked || sameSymbol(instrument.slice(instrument.indexOf(':') + 1), asked)));

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
  return { kind, slot, attempt: 0, failures: 0, hop: 0, idle: 0, owner: null, until: 0, notBefore: now, startedAt: now, skipped, refetch };
}

function nextRunAt(task: Task, due: DueItem): number | null {
  if (due.active?.owner === null) return due.active.notBefore;
  if (task.status !== 'running' && task.status !== 'pending') return null;
  return scheduleOf(task).next(due.cursor);
}
