import type { Connection } from './connection.ts';
import { foreignError, newerError } from './errors.ts';

/** "KAIR": tells our files from other programs' SQLite databases. */
export const APPLICATION_ID = 0x4b414952;

/** A step from the format before it to `version`. Runs inside the upgrading transaction. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * Format 1. Rows of a series lie in two tiers, and a key is in one of them only: `chunk` (a block's final rows, packed)
 * and `hot` (recent and provisional rows, time first so that a minute's rows of all series share pages). Coverage lies in
 * `chunk.states` and in `span`; where both speak of an instant the stronger fact stands. Every hot row stands in a span
 * that bears rows, so spans tell where to look for hot rows. `states` comes before `body`: reading coverage never touches
 * a body's pages. `part` is 0; it leaves room for blocks of several chunks. In `task_fts` only an index is kept, no text.
 */
const FORMAT_1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE task (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  task_id TEXT NOT NULL UNIQUE,
  v INTEGER NOT NULL,
  project TEXT NOT NULL,
  status TEXT NOT NULL,
  dataset TEXT NOT NULL,
  data_type TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  text TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX task_newest ON task (created_at DESC, uid);
CREATE INDEX task_by_project ON task (project, created_at DESC, uid);
CREATE INDEX task_by_status ON task (status, created_at DESC, uid);
CREATE INDEX task_by_dataset ON task (dataset, created_at DESC, uid);
CREATE INDEX task_by_data_type ON task (data_type, created_at DESC, uid);
CREATE INDEX task_by_source ON task (source, created_at DESC, uid);
CREATE VIRTUAL TABLE task_fts USING fts5 (pairs, content = '', contentless_delete = 1, tokenize = 'ascii');

CREATE TABLE due (
  uid TEXT PRIMARY KEY,
  next_due INTEGER,
  cursor INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  v INTEGER NOT NULL,
  active TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX due_next ON due (next_due, uid) WHERE next_due IS NOT NULL;

CREATE TABLE history (
  uid TEXT NOT NULL,
  kind TEXT NOT NULL,
  slot INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  running INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (uid, kind, slot, fence)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_newest ON history (uid, started_at DESC, fence DESC, slot DESC, kind);

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  realm TEXT NOT NULL,
  source TEXT NOT NULL,
  data_type TEXT NOT NULL,
  timeframe TEXT NOT NULL,
  doc TEXT NOT NULL
) STRICT;

CREATE TABLE chunk (
  series INTEGER NOT NULL REFERENCES series,
  block INTEGER NOT NULL,
  part INTEGER NOT NULL,
  v INTEGER NOT NULL,
  n INTEGER NOT NULL,
  states BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (series, block, part)
) STRICT;

CREATE TABLE hot (
  ts INTEGER NOT NULL,
  series INTEGER NOT NULL,
  tie TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (ts, series, tie)
) STRICT, WITHOUT ROWID;

CREATE TABLE span (
  series INTEGER NOT NULL,
  from_ts INTEGER NOT NULL,
  to_ts INTEGER NOT NULL,
  facts TEXT NOT NULL,
  PRIMARY KEY (series, from_ts)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  series INTEGER NOT NULL,
  id TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (series, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
  seq INTEGER PRIMARY KEY,
  series INTEGER NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  doc TEXT NOT NULL,
  UNIQUE (series, hash)
) STRICT;
CREATE INDEX finding_newest ON finding (series, at DESC, seq DESC);

CREATE TABLE revision (
  seq INTEGER PRIMARY KEY,
  series INTEGER NOT NULL,
  ts INTEGER NOT NULL,
  tie TEXT NOT NULL,
  logged_at INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT;
CREATE INDEX revision_logged ON revision (series, seq);
`;

/** Format 2: what all workers know of a venue's rate limit, by egress and limit pool. */
const FORMAT_2 = `
CREATE TABLE budget (
  scope TEXT PRIMARY KEY,
  v INTEGER NOT NULL,
  doc TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/**
 * Format 3. A finding is one of its series, code, time and detail. `usage` is kept by triggers, so that how much a history
 * takes is known without reading it. `past_order`: slots of manual runs whose records were let go.
 */
const FORMAT_3 = `
CREATE TABLE finding_next (
  seq INTEGER PRIMARY KEY,
  series INTEGER NOT NULL,
  code TEXT NOT NULL,
  ts INTEGER NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  UNIQUE (series, code, ts, detail)
) STRICT;
INSERT OR IGNORE INTO finding_next (seq, series, code, ts, detail, at, run_id)
  SELECT seq, series, doc ->> '$.code', doc ->> '$.ts', doc ->> '$.detail', at, doc ->> '$.runId'
  FROM finding ORDER BY seq;
DROP TABLE finding;
ALTER TABLE finding_next RENAME TO finding;
CREATE INDEX finding_newest ON finding (series, at DESC, seq DESC);
CREATE INDEX finding_oldest ON finding (at, seq);
CREATE INDEX history_oldest ON history (started_at) WHERE NOT running;

CREATE TABLE past_order (
  uid TEXT NOT NULL,
  slot INTEGER NOT NULL,
  PRIMARY KEY (uid, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage (
  name TEXT PRIMARY KEY,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO usage SELECT 'history', count(*), coalesce(sum(octet_length(doc)), 0) FROM history;
INSERT INTO usage SELECT 'finding', count(*), coalesce(sum(octet_length(detail)), 0) FROM finding;
CREATE TRIGGER history_added AFTER INSERT ON history BEGIN
  UPDATE usage SET records = records + 1, bytes = bytes + octet_length(new.doc) WHERE name = 'history';
END;
CREATE TRIGGER history_changed AFTER UPDATE ON history BEGIN
  UPDATE usage SET bytes = bytes + octet_length(new.doc) - octet_length(old.doc) WHERE name = 'history';
END;
CREATE TRIGGER history_gone AFTER DELETE ON history BEGIN
  UPDATE usage SET records = records - 1, bytes = bytes - octet_length(old.doc) WHERE name = 'history';
END;
CREATE TRIGGER finding_added AFTER INSERT ON finding BEGIN
  UPDATE usage SET records = records + 1, bytes = bytes + octet_length(new.detail) WHERE name = 'finding';
END;
CREATE TRIGGER finding_gone AFTER DELETE ON finding BEGIN
  UPDATE usage SET records = records - 1, bytes = bytes - octet_length(old.detail) WHERE name = 'finding';
END;
`;

/**
 * Format 4: a third tier before the others. `hot_page` holds final rows of series with neighbouring ids as they came in
 * together, packed and never changed (hot-page.ts, page-rows.ts). Such a row is its own fact: its slot is present. It
 * counts only where neither a span nor `chunk.states` promises a row: whoever moves it to another tier leaves it behind,
 * and the page goes when nothing in it counts any more. `from_ts` and `to_ts` bound the times of its rows. `id`: the shard
 * (series id / 16) above 31 bits of a sequence, so that a shard's pages lie together and need no index.
 */
const FORMAT_4 = `
CREATE TABLE hot_page (
  id INTEGER PRIMARY KEY,
  from_ts INTEGER NOT NULL,
  to_ts INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
`;

/**
 * Format 5 adds a shard of pages beyond all others: what arrived last, of all series, before it is sorted into the pages of
 * its shards (arrivals.ts). A row may lie in both for a while. Earlier releases would not look there.
 */
const FORMAT_5 = '';

/** Ascending by version. A released step is never edited; a change of format is a new step. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: FORMAT_1 },
  { version: 2, sql: FORMAT_2 },
  { version: 3, sql: FORMAT_3 },
  { version: 4, sql: FORMAT_4 },
  { version: 5, sql: FORMAT_5 },
];

export const latestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0;

/** The format a file is in. @throws StoreError `STORE_CORRUPT` on another program's, `STORE_NEWER` on a later one. */
export function formatOf(db: Connection, path: string, known: number): number {
  const found = db.number('PRAGMA user_version');
  const owner = db.number('PRAGMA application_id');
  const isFresh = found === 0 && owner === 0 && db.number('SELECT count(*) FROM sqlite_schema') === 0;
  if (owner !== APPLICATION_ID && !isFresh) throw foreignError(path);
  if (found > known) throw newerError(path, found, known);
  return found;
}

/**
 * Brings a file to the latest format, all steps or none, and answers that format. Where another process upgrades at the
 * same time, one waits for the other and finds nothing left to do.
 */
export function migrate(db: Connection, path: string, migrations: readonly Migration[]): number {
  const latest = latestOf(migrations);
  if (formatOf(db, path, latest) === latest) return latest;
  db.exec('BEGIN IMMEDIATE');
  try {
    const found = formatOf(db, path, latest);
    for (const step of migrations) if (step.version > found) db.exec(step.sql);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${latest}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
  return latest;
}
