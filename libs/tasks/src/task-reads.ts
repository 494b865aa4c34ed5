import type { RunRecord, Task } from '@kairos/domain';
import { NotFoundError, runIdOf, sameSymbol, taskStart } from '@kairos/domain';
import type {
  Calendars,
  Clock,
  Page,
  RunHistory,
  SeriesRef,
  SeriesStore,
  TaskFilter,
  TaskQueries,
  TaskStore,
  TaskSummaryPage,
  TaskView,
} from '@kairos/ports';
import { progressOf } from './progress.ts';
import { nextRunAt } from './standing.ts';
import { heldTask } from './task-changes.ts';
import { timingOf, type Timing } from './timing.ts';

export interface TaskReadsDeps {
  readonly tasks: TaskStore;
  readonly history: RunHistory;
  readonly series: SeriesStore;
  /** By each task's source. */
  readonly calendars: Calendars;
  readonly clock: Clock;
}

/** What people ask about tasks. Reads only. */
export class TaskReads implements TaskQueries {
  readonly #deps: TaskReadsDeps;
  readonly #timing: Timing;

  constructor(deps: TaskReadsDeps) {
    this.#deps = deps;
    this.#timing = timingOf(deps.calendars);
  }

  async view(p: { readonly taskId: string }): Promise<TaskView> {
    const { task, due } = await heldTask(this.#deps.tasks, p.taskId);
    return {
      task,
      start: taskStart(task),
      nextRunAt: nextRunAt(task, due, this.#timing(task)),
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
    const { task } = await heldTask(this.#deps.tasks, p.taskId);
    return this.#deps.history.list({ uid: task.uid, limit: p.limit, cursor: p.cursor });
  }

  /** The task that collects a series, and the series' key. @throws NotFoundError when no task does */
  async collectorOf(ref: SeriesRef): Promise<{ readonly task: Task; readonly seriesKey: string }> {
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

  async #summaries(page: Page<Task> & { readonly total: number }): Promise<TaskSummaryPage> {
    const dues = await this.#deps.tasks.getDues({ uids: page.items.map((task) => task.uid) });
    const items = page.items.map((task) => {
      const due = dues.get(task.uid);
      return {
        task,
        start: taskStart(task),
        nextRunAt: due ? nextRunAt(task, due, this.#timing(task)) : null,
      };
    });
    return { items, total: page.total, next: page.next };
  }
}

const matches = (symbol: string, instrument: string | null, asked: string): boolean =>
  sameSymbol(symbol, asked) ||
  (instrument !== null &&
    (instrument === asked || sameSymbol(instrument.slice(instrument.indexOf(':') + 1), asked)));
