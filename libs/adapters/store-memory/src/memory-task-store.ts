import { foldText, searchText, type DueItem, type Task } from '@kairos/domain';
import type { CasOutcome, TaskFilter, TaskPage, TaskStore, TaskStoreCapabilities } from '@kairos/ports';
import { cursorOf, Door, frozenCopy, parseCursor, type MemoryStore } from './memory-store.ts';

type Key = readonly (string | number)[];

/** Newest creation first, ties by uid. */
const keyOf = (task: Task): Key => [-task.createdAt, task.uid];

function compareKeys(a: Key, b: Key): number {
  for (let i = 0; i < a.length; i += 1) {
    const [x = 0, y = 0] = [a[i], b[i]];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

const passes = (task: Task, f: TaskFilter): boolean =>
  (f.projectId ?? task.projectId) === task.projectId &&
  (f.status ?? task.status) === task.status &&
  (f.dataset ?? task.dataset) === task.dataset &&
  (f.dataType ?? task.dataType) === task.dataType &&
  (f.source ?? task.source) === task.source;

/** Tasks and due items in memory. Search scans. */
export class MemoryTaskStore implements TaskStore {
  readonly capabilities: TaskStoreCapabilities = { search: 'substring', durable: false };
  readonly #data: MemoryStore;
  readonly #door = new Door();

  constructor(data: MemoryStore) {
    this.#data = data;
  }

  async create(p: { readonly task: Task; readonly due: DueItem }): Promise<{ created: boolean; task: Task }> {
    this.#door.check();
    const holder = this.#named(p.task.taskId) ?? this.#data.tasks.get(p.task.uid);
    if (holder) return { created: false, task: holder };
    const task = frozenCopy(p.task);
    this.#data.tasks.set(task.uid, task);
    this.#data.dues.set(task.uid, frozenCopy({ ...p.due, uid: task.uid }));
    return { created: true, task };
  }

  async get(p: { readonly taskId: string }): Promise<Task | undefined> {
    this.#door.check();
    return this.#named(p.taskId);
  }

  async getByUid(p: { readonly uid: string }): Promise<Task | undefined> {
    this.#door.check();
    return this.#data.tasks.get(p.uid);
  }

  async replace(p: { readonly task: Task; readonly expectedV: number }): Promise<CasOutcome<Task>> {
    this.#door.check();
    return swap(this.#data.tasks, p.task, p.expectedV);
  }

  async remove(p: {
    readonly uid: string;
    readonly expected?: { readonly v: number; readonly dueV: number } | undefined;
  }): Promise<boolean> {
    this.#door.check();
    const { tasks, dues } = this.#data;
    const { expected = { v: tasks.get(p.uid)?.v, dueV: dues.get(p.uid)?.v } } = p;
    if (tasks.get(p.uid)?.v !== expected.v || dues.get(p.uid)?.v !== expected.dueV) return false;
    this.#data.pastOrders.delete(p.uid);
    this.#data.dues.delete(p.uid);
    return this.#data.tasks.delete(p.uid);
  }

  async list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage> {
    return this.search({ ...p, query: '' });
  }

  async search(p: {
    readonly query: string;
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage> {
    this.#door.check();
    const after = p.cursor === undefined ? undefined : parseCursor(p.cursor, 2);
    const words = foldText(p.query).split(/\s+/u);
    const hits = [...this.#data.tasks.values()]
      .filter((t) => passes(t, p.filter) && words.every((w) => searchText(t).includes(w)))
      .sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
    const rest = after ? hits.filter((t) => compareKeys(keyOf(t), after) > 0) : hits;
    const items = rest.slice(0, p.limit);
    const last = items.at(-1);
    return {
      items,
      total: hits.length,
      ...(last && rest.length > items.length && { next: cursorOf(keyOf(last)) }),
    };
  }

  async getDue(p: { readonly uid: string }): Promise<DueItem | undefined> {
    this.#door.check();
    return this.#data.dues.get(p.uid);
  }

  async getDues(p: { readonly uids: readonly string[] }): Promise<ReadonlyMap<string, DueItem>> {
    this.#door.check();
    const found = new Map<string, DueItem>();
    for (const uid of p.uids) {
      const due = this.#data.dues.get(uid);
      if (due) found.set(uid, due);
    }
    return found;
  }

  async putDue(p: { readonly due: DueItem; readonly expectedV: number }): Promise<CasOutcome<DueItem>> {
    this.#door.check();
    return swap(this.#data.dues, p.due, p.expectedV);
  }

  async dueBefore(p: { readonly now: number; readonly limit: number }): Promise<readonly string[]> {
    this.#door.check();
    const due = [...this.#data.dues.values()].flatMap((d) =>
      d.nextDue !== null && d.nextDue <= p.now ? [[d.nextDue, d.uid] as const] : [],
    );
    return due
      .sort(compareKeys)
      .slice(0, p.limit)
      .map(([, uid]) => uid);
  }

  async ping(): Promise<void> {
    this.#door.check();
  }

  async close(): Promise<void> {
    this.#door.close();
  }

  #named(taskId: string): Task | undefined {
    for (const task of this.#data.tasks.values()) if (task.taskId === taskId) return task;
    return undefined;
  }
}

/** The compare-and-swap of both records. */
function swap<T extends { readonly uid: string; readonly v: number }>(
  kept: Map<string, T>,
  next: T,
  expectedV: number,
): CasOutcome<T> {
  const current = kept.get(next.uid);
  if (current?.v !== expectedV) return { outcome: 'conflict', current };
  const value = frozenCopy({ ...next, v: expectedV + 1 });
  kept.set(value.uid, value);
  return { outcome: 'committed', value };
}
