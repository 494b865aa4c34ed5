import type { TaskFilter } from '@kairos/ports';
import type { Connection } from './connection.ts';
import { parseCursor } from './cursor.ts';
import type { TaskRow } from './task-rows.ts';
import { searchTerms } from './task-search.ts';

export interface Condition {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** What a list or search asks for. */
export interface TaskConditions {
  readonly filters: readonly Condition[];
  readonly words: readonly Condition[];
}

const COLUMNS: readonly (readonly [keyof TaskFilter, string])[] = [
  ['projectId', 'project'],
  ['status', 'status'],
  ['dataset', 'dataset'],
  ['dataType', 'data_type'],
  ['source', 'source'],
];

const NEWEST = 'ORDER BY created_at DESC, uid';
const IN_INDEX = 'IN (SELECT rowid FROM task_fts WHERE task_fts MATCH ?)';

/** With more hits than this, walking all tasks from the newest meets a page of them sooner than sorting the hits. */
const MANY = 1_000;

export const filterConditions = (filter: TaskFilter): Condition[] =>
  COLUMNS.flatMap(([field, column]) => {
    const value = filter[field];
    return value === undefined ? [] : [{ sql: `${column} = ?`, params: [value] }];
  });

export function queryConditions(query: string): Condition[] {
  const { match, singles } = searchTerms(query);
  return [
    ...(match === undefined ? [] : [{ sql: `id ${IN_INDEX}`, params: [match] }]),
    ...singles.map((char) => ({ sql: 'instr(text, ?) > 0', params: [char] })),
  ];
}

export function afterCondition(cursor: string | undefined): Condition[] {
  if (cursor === undefined) return [];
  const [createdAt, uid] = parseCursor(cursor, [0, ''] as [number, string]);
  return [{ sql: 'created_at <= ? AND (created_at < ? OR uid > ?)', params: [createdAt, createdAt, uid] }];
}

const where = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.map((c) => `(${c.sql})`).join(' AND ')}`;

const paramsOf = (conditions: readonly Condition[]): (string | number)[] =>
  conditions.flatMap((c) => c.params);

/** How many match. A search without filters is counted in the index alone. */
export function countTasks(db: Connection, { filters, words }: TaskConditions): number {
  const [only] = words;
  if (filters.length === 0 && words.length === 1 && only?.sql === `id ${IN_INDEX}`) {
    return db.number('SELECT count(*) FROM task_fts WHERE task_fts MATCH ?', ...only.params);
  }
  const all = [...filters, ...words];
  return db.number(`SELECT count(*) FROM task${where(all)}`, ...paramsOf(all));
}

/** What a list needs of a row: making JavaScript objects of whole rows takes longer than finding them. */
type ListedTask = Pick<TaskRow, 'uid' | 'created_at' | 'doc'>;

/** The newest matching rows. Finds ids first: sorting whole rows costs several times as much. */
export function pageOfTasks(
  db: Connection,
  { filters, words }: TaskConditions,
  p: { readonly total: number; readonly after: readonly Condition[]; readonly limit: number },
): ListedTask[] {
  const all = [...filters, ...words, ...p.after];
  const walk = words.length > 0 && p.total > MANY;
  // `+id` keeps the planner from driving the walk by the hits.
  const ids = walk
    ? `SELECT id FROM task INDEXED BY task_newest${where(all).replace(`id ${IN_INDEX}`, `+id ${IN_INDEX}`)} ${NEWEST} LIMIT ?`
    : `SELECT id FROM task${where(all)} ${NEWEST} LIMIT ?`;
  return db.all<ListedTask>(
    `SELECT uid, created_at, doc FROM task WHERE id IN (${ids}) ${NEWEST}`,
    ...paramsOf(all),
    p.limit,
  );
}
