import { searchText, type ActiveRun, type DueItem, type Task } from '@kairos/domain';
import type { Connection } from './connection.ts';
import { indexText } from './task-search.ts';

export interface TaskRow {
  readonly id: number;
  readonly uid: string;
  readonly v: number;
  readonly created_at: number;
  readonly text: string;
  readonly doc: string;
}

export interface DueRow {
  readonly uid: string;
  readonly next_due: number | null;
  readonly cursor: number;
  readonly fence: number;
  readonly v: number;
  readonly active: string | null;
}

/** What tasks written before these fields existed mean by their absence. */
const ABSENT = { timezone: 'UTC', job: null, declared: null, jobState: null } as const;

const LATER_FIELDS = Object.keys(ABSENT);

export function taskOf(row: Pick<TaskRow, 'doc'>): Task {
  const task = JSON.parse(row.doc) as Task;
  // Only where it must be: copying so many fields takes longer than reading them.
  return LATER_FIELDS.every((field) => field in task) ? task : { ...ABSENT, ...task };
}

export const dueOf = (row: DueRow): DueItem => ({
  uid: row.uid,
  cursor: row.cursor,
  nextDue: row.next_due,
  fence: row.fence,
  v: row.v,
  active: row.active === null ? null : (JSON.parse(row.active) as ActiveRun),
});

function index(db: Connection, id: number, text: string): void {
  db.run('INSERT INTO task_fts (rowid, pairs) VALUES (?, ?)', id, indexText(text));
}

/** Writes a task over its old row, or anew. The index is touched only when a searched field changed. */
export function putTaskRow(db: Connection, old: TaskRow | undefined, task: Task): void {
  const text = searchText(task);
  const fields = [
    task.taskId,
    task.v,
    task.projectId,
    task.status,
    task.dataset,
    task.dataType,
    task.source,
  ] as const;
  const rest = [task.createdAt, text, JSON.stringify(task)] as const;
  if (!old) {
    const columns = 'task_id, v, project, status, dataset, data_type, source, created_at, text, doc, uid';
    const sql = `INSERT INTO task (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`;
    index(db, db.number(sql, ...fields, ...rest, task.uid), text);
    return;
  }
  const set =
    'task_id = ?, v = ?, project = ?, status = ?, dataset = ?, data_type = ?, source = ?, created_at = ?, text = ?, doc = ?';
  db.run(`UPDATE task SET ${set} WHERE id = ?`, ...fields, ...rest, old.id);
  if (old.text === text) return;
  db.run('DELETE FROM task_fts WHERE rowid = ?', old.id);
  index(db, old.id, text);
}

export function putDueRow(db: Connection, due: DueItem): void {
  db.run(
    'INSERT OR REPLACE INTO due (uid, next_due, cursor, fence, v, active) VALUES (?, ?, ?, ?, ?, ?)',
    due.uid,
    due.nextDue,
    due.cursor,
    due.fence,
    due.v,
    due.active === null ? null : JSON.stringify(due.active),
  );
}

/** False when there was no such task. */
export function removeTaskRows(db: Connection, uid: string): boolean {
  const row = db.get<{ id: number }>('SELECT id FROM task WHERE uid = ?', uid);
  db.run('DELETE FROM due WHERE uid = ?', uid);
  db.run('DELETE FROM past_order WHERE uid = ?', uid);
  if (!row) return false;
  db.run('DELETE FROM task WHERE id = ?', row.id);
  db.run('DELETE FROM task_fts WHERE rowid = ?', row.id);
  return true;
}
