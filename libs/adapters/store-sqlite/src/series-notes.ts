import type { Evidence, Finding, Revision } from '@kairos/domain';
import type { FindingFilter, LoggedRevision, Page } from '@kairos/ports';
import type { Connection } from './connection.ts';
import { cursorOf, parseCursor } from './cursor.ts';

/** What is kept beside the rows of a series: evidence, findings, the revision log. All safe to repeat. */

interface Doc {
  readonly doc: string;
}

/** Keeps what is not there yet; answers how many that were. */
export function addEvidence(db: Connection, series: number, evidence: readonly Evidence[]): number {
  const sql = 'INSERT OR IGNORE INTO evidence (series, id, doc) VALUES (?, ?, ?)';
  return evidence.reduce((n, e) => n + db.run(sql, series, e.id, JSON.stringify(e)), 0);
}

/** In the order of the ids. */
export const evidenceOf = (db: Connection, series: number, ids: readonly string[]): Evidence[] =>
  ids.flatMap((id) => {
    const row = db.get<Doc>('SELECT doc FROM evidence WHERE series = ? AND id = ?', series, id);
    return row ? [JSON.parse(row.doc) as Evidence] : [];
  });

/** Of several that say the same the first is kept; answers how many were new. */
export function addFindings(db: Connection, series: number, findings: readonly Finding[]): number {
  const sql =
    'INSERT OR IGNORE INTO finding (series, code, ts, detail, at, run_id) VALUES (?, ?, ?, ?, ?, ?)';
  return findings.reduce((n, f) => n + db.run(sql, series, f.code, f.ts, f.detail, f.at, f.runId), 0);
}

type FindingRow = Finding & { readonly seq: number };

type FindingPlace = readonly [at: number, seq: number];

const BEFORE_ALL: FindingPlace = [Number.MAX_SAFE_INTEGER, 0];

/** The conditions of a filter and the values they want. */
function conditionsOf(filter: FindingFilter): { readonly sql: string; readonly values: (string | number)[] } {
  const parts: [string, string | number | undefined][] = [
    ['code = ?', filter.code],
    ['ts >= ?', filter.from],
    ['ts < ?', filter.to],
  ];
  const given = parts.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  return { sql: given.map((g) => ` AND ${g.sql}`).join(''), values: given.map((g) => g.value) };
}

export function pageOfFindings(
  db: Connection,
  series: number,
  p: {
    readonly filter: FindingFilter;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Page<Finding> {
  const [at, seq] = p.cursor === undefined ? BEFORE_ALL : parseCursor(p.cursor, BEFORE_ALL);
  const { sql, values } = conditionsOf(p.filter);
  const rows = db.all<FindingRow>(
    `SELECT seq, code, ts, at, run_id AS runId, detail FROM finding
     WHERE series = ? AND at <= ? AND (at, seq) < (?, ?)${sql} ORDER BY at DESC, seq DESC LIMIT ?`,
    series,
    at,
    at,
    seq,
    ...values,
    p.limit + 1,
  );
  const items = rows.slice(0, p.limit).map((row): Finding => {
    const { code, ts, at: foundAt, runId, detail } = row;
    return { code, ts, at: foundAt, runId, detail };
  });
  const last = rows[p.limit - 1];
  return rows.length > p.limit && last ? { items, next: cursorOf([last.at, last.seq]) } : { items };
}

export function countsOfFindings(
  db: Connection,
  series: number,
  filter: FindingFilter,
): Readonly<Record<string, number>> {
  const { sql, values } = conditionsOf(filter);
  const rows = db.all<{ code: string; n: number }>(
    `SELECT code, count(*) AS n FROM finding WHERE series = ?${sql} GROUP BY code`,
    series,
    ...values,
  );
  return Object.fromEntries(rows.map((row) => [row.code, row.n]));
}

export function logRevision(
  db: Connection,
  series: number,
  p: { readonly revision: Revision; readonly at: number },
): void {
  const { ts, tie = '' } = p.revision.from;
  const sql = 'INSERT INTO revision (series, ts, tie, logged_at, doc) VALUES (?, ?, ?, ?, ?)';
  db.run(sql, series, ts, tie, p.at, JSON.stringify(p.revision));
}

export const revisionsOf = (db: Connection, series: number, limit: number): LoggedRevision[] =>
  db
    .all<Doc & { logged_at: number }>(
      'SELECT doc, logged_at FROM revision WHERE series = ? ORDER BY seq LIMIT ?',
      series,
      limit,
    )
    .map((row) => ({ ...(JSON.parse(row.doc) as Revision), loggedAt: row.logged_at }));
