import { contentId, type Evidence, type Finding, type Revision } from '@kairos/domain';
import type { LoggedRevision } from '@kairos/ports';
import type { Connection } from './connection.ts';

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

/** A finding is the same when all of it is; answers how many were new. */
export function addFindings(db: Connection, series: number, findings: readonly Finding[]): number {
  const sql = 'INSERT OR IGNORE INTO finding (series, hash, at, doc) VALUES (?, ?, ?, ?)';
  return findings.reduce((n, f) => {
    const doc = JSON.stringify(f);
    return n + db.run(sql, series, contentId(doc), f.at, doc);
  }, 0);
}

export const findingsOf = (db: Connection, series: number, limit: number): Finding[] =>
  db
    .all<Doc>('SELECT doc FROM finding WHERE series = ? ORDER BY at DESC, seq DESC LIMIT ?', series, limit)
    .map((row) => JSON.parse(row.doc) as Finding);

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
