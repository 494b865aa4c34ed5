import { StoreError, type DueItem, type Task } from '@kairos/domain';
import type { CasOutcome, TaskFilter, TaskPage, TaskStore, TaskStoreCapabilities } from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import type { Connection } from './connection.ts';
import { cursorOf } from './cursor.ts';
import { Face } from './face.ts';
import {
  dueOf,
  putDueRow,
  putTaskRow,
  removeTaskRows,
  taskOf,
  type DueRow,
  type TaskRow,
} from './task-rows.ts';
import {
  afterCondition,
  countTasks,
  filterConditions,
  pageOfTasks,
  queryConditions,
} from './task-queries.ts';

/** Tasks and due items in SQLite, with a full-text index of character pairs. */
export class SqliteTaskStore implements TaskStore {
  readonly capabilities: TaskStoreCapabilities = { search: 'full-text', durable: true };
  readonly #face: Face;

  constructor(client: SqliteClient) {
    this.#face = new Face(client);
  }

  create(p: {
    readonly task: Task;
    readonly due: DueItem;
  }): Promise<{ readonly created: boolean; readonly task: Task }> {
    return this.#face.write((db) => {
      const holder =
        db.get<TaskRow>('SELECT * FROM task WHERE task_id = ?', p.task.taskId) ??
        db.get<TaskRow>('SELECT * FROM task WHERE uid = ?', p.task.uid);
      if (holder) return { created: false, task: taskOf(holder) };
      putTaskRow(db, undefined, p.task);
      putDueRow(db, { ...p.due, uid: p.task.uid });
      return { created: true, task: p.task };
    });
  }

  get(p: { readonly taskId: string }): Promise<Task | undefined> {
    return this.#one('SELECT * FROM task WHERE task_id = ?', p.taskId);
  }

  getByUid(p: { readonly uid: string }): Promise<Task | undefined> {
    return this.#one('SELECT * FROM task WHERE uid = ?', p.uid);
  }

  replace(p: { readonly task: Task; readonly expectedV: number }): Promise<CasOutcome<Task>> {
    return this.#cas((db) => {
      const row = db.get<TaskRow>('SELECT * FROM task WHERE uid = ?', p.task.uid);
      if (row?.v !== p.expectedV) return { outcome: 'conflict', current: row && taskOf(row) };
      const value = { ...p.task, v: p.expectedV + 1 };
      putTaskRow(db, row, value);
      return { outcome: 'committed', value };
    });
  }

  remove(p: {
    readonly uid: string;
    readonly expected?: { readonly v: number; readonly dueV: number } | undefined;
  }): Promise<boolean> {
    return this.#face.write((db) => {
      const { uid, expected } = p;
      if (expected !== undefined) {
        const sql = 'SELECT 1 FROM task JOIN due USING (uid) WHERE uid = ? AND task.v = ? AND due.v = ?';
        if (!db.get(sql, uid, expected.v, expected.dueV)) return false;
      }
      return removeTaskRows(db, uid);
    });
  }

  list(p: {
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage> {
    return this.search({ ...p, query: '' });
  }

  search(p: {
    readonly query: string;
    readonly filter: TaskFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<TaskPage> {
    return this.#face.read((db) => {
      const conditions = { filters: filterConditions(p.filter), words: queryConditions(p.query) };
      const total = countTasks(db, conditions);
      const rows = pageOfTasks(db, conditions, {
        total,
        after: afterCondition(p.cursor),
        limit: p.limit + 1,
      });
      const items = rows.slice(0, p.limit);
      const last = items.at(-1);
      const next = rows.length > p.limit && last ? { next: cursorOf([last.created_at, last.uid]) } : {};
      return { items: items.map(taskOf), total, ...next };
    });
  }

  getDue(p: { readonly uid: string }): Promise<DueItem | undefined> {
    return this.#face.read((db) => {
      const row = db.get<DueRow>('SELECT * FROM due WHERE uid = ?', p.uid);
      return row && dueOf(row);
    });
  }

  getDues(p: { readonly uids: readonly string[] }): Promise<ReadonlyMap<string, DueItem>> {
    const sql = 'SELECT * FROM due WHERE uid IN (SELECT value FROM json_each(?))';
    return this.#face.read((db) => {
      const rows = db.all<DueRow>(sql, JSON.stringify(p.uids));
      return new Map(rows.map((row) => [row.uid, dueOf(row)]));
    });
  }

  putDue(p: { readonly due: DueItem; readonly expectedV: number }): Promise<CasOutcome<DueItem>> {
    return this.#cas((db) => {
      const row = db.get<DueRow>('SELECT * FROM due WHERE uid = ?', p.due.uid);
      if (row?.v !== p.expectedV) return { outcome: 'conflict', current: row && dueOf(row) };
      const value = { ...p.due, v: p.expectedV + 1 };
      putDueRow(db, value);
      return { outcome: 'committed', value };
    });
  }

  dueBefore(p: { readonly now: number; readonly limit: number }): Promise<readonly string[]> {
    const sql =
      'SELECT uid FROM due WHERE next_due IS NOT NULL AND next_due <= ? ORDER BY next_due, uid LIMIT ?';
    return this.#face.read((db) => db.all<{ uid: string }>(sql, p.now, p.limit).map((row) => row.uid));
  }

  /** Writes a row of `meta` and reads it back in the same durable transaction. */
  ping(p: { readonly now: number }): Promise<void> {
    const value = String(p.now);
    return this.#face.write((db) => {
      db.run(
        "INSERT INTO meta (key, value) VALUES ('ping', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        value,
      );
      const row = db.get<{ value: string }>("SELECT value FROM meta WHERE key = 'ping'");
      if (row?.value !== value)
        throw new StoreError('STORE_IO', 'the store did not give back what was just written');
    });
  }

  /** Closes this face only; the file stays open for the others. */
  async close(): Promise<void> {
    this.#face.close();
  }

  #one(sql: string, id: string): Promise<Task | undefined> {
    return this.#face.read((db) => {
      const row = db.get<TaskRow>(sql, id);
      return row && taskOf(row);
    });
  }

  /** A swap whose commit failed is never repeated: the second try could meet the first one's success. */
  #cas<T>(op: (db: Connection) => CasOutcome<T>): Promise<CasOutcome<T>> {
    return this.#face.write(op, { onUnknown: () => ({ outcome: 'unknown' }) });
  }
}
