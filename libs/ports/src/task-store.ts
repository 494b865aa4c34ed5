import type { DueItem, Task, TaskStatus } from '@kairos/domain';
import type { CasOutcome, Page } from './outcome.ts';

export interface TaskFilter {
  readonly projectId?: string | undefined;
  readonly status?: TaskStatus | undefined;
  readonly dataset?: string | undefined;
  readonly dataType?: string | undefined;
  readonly source?: string | undefined;
}

/** A page of tasks, newest creation first (ties by uid), and how many match in all. */
export interface TaskPage extends Page<Task> {
  readonly total: number;
}

export interface TaskStoreCapabilities {
  /** `full-text`: words, also two-character Chinese ones. `substring`: scans. */
  readonly search: 'full-text' | 'substring';
  /** False where a restart forgets. */
  readonly durable: boolean;
}

/**
 * Keeps tasks and their due items (one per task). All reads are strong unless said otherwise. Every value that goes in
 * comes out equal. Written records are frozen copies: the caller's object is never kept. Methods reject with StoreError
 * (`STORE_*`) only; after `close` all reject with `STORE_CLOSED`.
 */
export interface TaskStore {
  readonly capabilities: TaskStoreCapabilities;

  /**
   * Adds a task and its due item, both or neither. The task's `taskId` and `uid` are unique: where the name is taken,
   * nothing is written and the holder is answered.
   */
  create(p: {
    readonly task: Task;
    readonly due: DueItem;
  }): Promise<{ readonly created: boolean; readonly task: Task }>;

  get(p: { readonly taskId: string }): Promise<Task | undefined>;
  getByUid(p: { readonly uid: string }): Promise<Task | undefined>;

  /** Replaces the task of this uid if its `v` is `expectedV`; the stored one has `v = expectedV + 1`. */
  replace(p: { readonly task: Task; readonly expectedV: number }): Promise<CasOutcome<Task>>;

  /**
   * Forgets a task and its due item (never its data). False when there was none, or when `expected` is given and either
   * has changed since.
   */
  remove(p: {
    readonly uid: string;
    readonly expected?: { readonly v: number; readonly dueV: number } | undefined;
  }): Promise<boolean>;

  /** `limit` 1–1,000. The cursor survives inserts and removals: no task that stays is skipped or repeated. */
  list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage>;

  /**
   * Tasks holding every word of the query in task id, project, dataset, source, data type, frequency, symbols, declared
   * description, or a job's function, task type or task name; without regard to case. Any characters are allowed: the
   * query is never syntax.
   */
  search(p: {
    readonly query: string;
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage>;

  getDue(p: { readonly uid: string }): Promise<DueItem | undefined>;

  /** The due items of those tasks that have one, by uid; all as they stood at one instant. */
  getDues(p: { readonly uids: readonly string[] }): Promise<ReadonlyMap<string, DueItem>>;

  /** Replaces the due item of `due.uid` if its `v` is `expectedV`; the stored one has `v = expectedV + 1`. */
  putDue(p: { readonly due: DueItem; readonly expectedV: number }): Promise<CasOutcome<DueItem>>;

  /** Uids whose `nextDue` is at or before `now`, earliest first. A hint: claims decide by a strong read. */
  dueBefore(p: { readonly now: number; readonly limit: number }): Promise<readonly string[]>;

  /** A real write and read-back, for health checks. */
  ping(p: { readonly now: number }): Promise<void>;

  close(): Promise<void>;
}
