import type { ContainerFault } from '@kairos/ports';
import type { Connection } from './connection.ts';
import { APPLICATION_ID, latestOf, MIGRATIONS } from './schema.ts';

/** Columns that repeat what the document beside them says, by table, with what names a row for people. */
const REPEATED: readonly {
  readonly table: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}[] = [
  {
    table: 'series',
    name: 'key',
    fields: { key: 'key', realm: 'realm', source: 'source', data_type: 'dataType', timeframe: 'timeframe' },
  },
  { table: 'task', name: 'task_id', fields: { uid: 'uid', task_id: 'taskId', v: 'v', status: 'status' } },
  { table: 'history', name: 'uid', fields: { uid: 'uid', kind: 'kind', slot: 'slot', fence: 'fence' } },
];

/** Tables whose rows belong to a series. */
const OF_SERIES = ['chunk', 'span', 'evidence', 'finding', 'revision'];

/** More lines than this of one kind tell nothing new. */
const MOST = 20;

function formatFaults(db: Connection): ContainerFault[] {
  const owner = db.number('PRAGMA application_id');
  const format = db.number('PRAGMA user_version');
  const latest = latestOf(MIGRATIONS);
  return [
    ...(owner === APPLICATION_ID ? [] : [`application_id is ${owner}, not ${APPLICATION_ID}`]),
    ...(format === latest ? [] : [`user_version is ${format}, not ${latest}`]),
  ].map((detail) => ({ code: 'foreign', detail }));
}

function pageFaults(db: Connection): ContainerFault[] {
  return db
    .all<{ integrity_check: string }>(`PRAGMA integrity_check(${MOST})`)
    .map((row) => row.integrity_check)
    .filter((text) => text !== 'ok')
    .map((detail) => ({ code: 'damaged', detail }));
}

function documentFaults(db: Connection): ContainerFault[] {
  return REPEATED.flatMap(({ table, name, fields }) => {
    const unreadable = db
      .all<{ name: string }>(`SELECT ${name} AS name FROM ${table} WHERE NOT json_valid(doc) LIMIT ${MOST}`)
      .map((row): ContainerFault => ({
        code: 'damaged',
        detail: `the document of ${table} ${row.name} cannot be read`,
      }));
    const unlike = Object.entries(fields)
      .map(([column, field]) => `${column} IS NOT doc ->> '$.${field}'`)
      .join(' OR ');
    const sql = `SELECT ${name} AS name FROM ${table}
      WHERE CASE WHEN json_valid(doc) THEN ${unlike} END LIMIT ${MOST}`;
    const differing = db.all<{ name: string }>(sql).map((row): ContainerFault => ({
      code: 'differs',
      detail: `${table} ${row.name}: the document says otherwise than its columns`,
    }));
    return [...unreadable, ...differing];
  });
}

function strayFaults(db: Connection): ContainerFault[] {
  return OF_SERIES.flatMap((table) => {
    const n = db.number(`SELECT count(*) FROM ${table} WHERE series NOT IN (SELECT id FROM series)`);
    return n === 0 ? [] : [{ code: 'differs', detail: `${n} rows of ${table} are of no known series` }];
  });
}

/** What is wrong with the file as a whole. `deep` reads all of it. */
export function containerFaults(db: Connection, deep: boolean): ContainerFault[] {
  const format = formatFaults(db);
  if (!deep || format.length > 0) return format;
  const pages = pageFaults(db);
  return pages.length > 0 ? pages : [...documentFaults(db), ...strayFaults(db)];
}
