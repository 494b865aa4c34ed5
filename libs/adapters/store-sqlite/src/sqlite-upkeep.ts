import type { RunKind } from '@kairos/domain';
import type { HistoryUsage, Retention, RetentionRule, StoreUpkeep } from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import type { Connection } from './connection.ts';
import { cursorOf, parseCursor } from './cursor.ts';
import { Face } from './face.ts';
import { spentBefore, type Place } from './spent.ts';

/** A history's tables, as forgetting sees them. `G` names a task or series, `R` one record. */
interface Ledger<G extends string | number, R> {
  readonly name: string;
  /** About what a record takes beside its text: keys and indexes. */
  readonly overhead: number;
  /** Before all names. */
  readonly first: G;
  oldest(db: Connection): number | null;
  /** The next task or series. */
  groupAfter(db: Connection, after: G): G | undefined;
  /** The rule as it holds for this one. */
  ruleOf(db: Connection, group: G, rule: RetentionRule): RetentionRule;
  nth(db: Connection, group: G, n: number): Place | undefined;
  spent(db: Connection, group: G, before: Place, limit: number): readonly R[];
  oldestOfAll(db: Connection, before: number, limit: number): readonly (R & { readonly bytes: number })[];
  forget(db: Connection, record: R): number;
}

/** Tasks or series looked at in one slice. */
const GROUPS = 4;

interface RunKey {
  readonly uid: string;
  readonly kind: RunKind;
  readonly slot: number;
  readonly fence: number;
}

const hasTask = (db: Connection, uid: string): boolean =>
  db.get('SELECT 1 FROM task WHERE uid = ?', uid) !== undefined;

const RUNS: Ledger<string, RunKey> = {
  name: 'history',
  overhead: 250,
  first: '',
  oldest: (db) =>
    db.get<{ at: number }>(
      'SELECT started_at AS at FROM history WHERE NOT running ORDER BY started_at LIMIT 1',
    )?.at ?? null,
  groupAfter: (db, after) =>
    db.get<{ uid: string }>('SELECT uid FROM history WHERE uid > ? ORDER BY uid LIMIT 1', after)?.uid,
  ruleOf: (db, uid, rule) => (hasTask(db, uid) ? rule : { ...rule, least: 0 }),
  nth(db, uid, n) {
    const row = db.get<{ at: number; fence: number; slot: number }>(
      `SELECT started_at AS at, fence, slot FROM history WHERE uid = ?
       ORDER BY started_at DESC, fence DESC, slot DESC, kind LIMIT 1 OFFSET ?`,
      uid,
      n - 1,
    );
    return row && [row.at, row.fence, row.slot];
  },
  spent: (db, uid, [at, fence = 0, slot = 0], limit) =>
    db.all<RunKey>(
      `SELECT uid, kind, slot, fence FROM history
       WHERE uid = ? AND started_at <= ? AND (started_at, fence, slot) < (?, ?, ?) AND NOT running
       ORDER BY started_at, fence, slot, kind DESC LIMIT ?`,
      uid,
      at,
      at,
      fence,
      slot,
      limit,
    ),
  oldestOfAll: (db, before, limit) =>
    db.all(
      `SELECT uid, kind, slot, fence, octet_length(doc) AS bytes FROM history
       WHERE NOT running AND started_at < ? ORDER BY started_at LIMIT ?`,
      before,
      limit,
    ),
  forget(db, { uid, kind, slot, fence }) {
    if (kind === 'm' && hasTask(db, uid))
      db.run('INSERT OR IGNORE INTO past_order (uid, slot) VALUES (?, ?)', uid, slot);
    const sql = 'DELETE FROM history WHERE uid = ? AND kind = ? AND slot = ? AND fence = ? AND NOT running';
    return db.run(sql, uid, kind, slot, fence);
  },
};

interface FindingKey {
  readonly seq: number;
}

const FINDINGS: Ledger<number, FindingKey> = {
  name: 'finding',
  overhead: 200,
  first: -1,
  oldest: (db) => db.get<{ at: number }>('SELECT at FROM finding ORDER BY at, seq LIMIT 1')?.at ?? null,
  groupAfter: (db, after) =>
    db.get<{ series: number }>('SELECT series FROM finding WHERE series > ? ORDER BY series LIMIT 1', after)
      ?.series,
  ruleOf: (_db, _series, rule) => rule,
  nth(db, series, n) {
    const row = db.get<{ at: number; seq: number }>(
      'SELECT at, seq FROM finding WHERE series = ? ORDER BY at DESC, seq DESC LIMIT 1 OFFSET ?',
      series,
      n - 1,
    );
    return row && [row.at, row.seq];
  },
  spent: (db, series, [at, seq = 0], limit) =>
    db.all<FindingKey>(
      `SELECT seq FROM finding WHERE series = ? AND at <= ? AND (at, seq) < (?, ?)
       ORDER BY at, seq LIMIT ?`,
      series,
      at,
      at,
      seq,
      limit,
    ),
  oldestOfAll: (db, before, limit) =>
    db.all(
      `SELECT seq, octet_length(detail) AS bytes FROM finding WHERE at < ? ORDER BY at, seq LIMIT ?`,
      before,
      limit,
    ),
  forget: (db, { seq }) => db.run('DELETE FROM finding WHERE seq = ?', seq),
};

class SqliteRetention<G extends string | number, R> implements Retention {
  readonly #face: Face;
  readonly #ledger: Ledger<G, R>;

  constructor(face: Face, ledger: Ledger<G, R>) {
    this.#face = face;
    this.#ledger = ledger;
  }

  usage(): Promise<HistoryUsage> {
    return this.#face.read((db) => {
      const { name, overhead, oldest } = this.#ledger;
      const sql = 'SELECT records, bytes FROM usage WHERE name = ?';
      const { records, bytes } = db.get<{ records: number; bytes: number }>(sql, name) ?? {
        records: 0,
        bytes: 0,
      };
      return { records, bytes: bytes + records * overhead, oldest: oldest(db) };
    });
  }

  /** What may go is looked for in a read, which holds up nobody; only where there is some, is a write begun. */
  async prune(p: {
    readonly rule: RetentionRule;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly removed: number; readonly next?: string | undefined }> {
    const found = await this.#face.read((db) => this.#look(db, p));
    const removed = await this.#forget(found.records);
    return found.next === undefined ? { removed } : { removed, next: found.next };
  }

  async pruneOldest(p: {
    readonly bytes: number;
    readonly before: number;
    readonly limit: number;
  }): Promise<{ readonly removed: number }> {
    const oldest = await this.#face.read((db) => this.#ledger.oldestOfAll(db, p.before, p.limit));
    let freed = 0;
    const records = oldest.filter(({ bytes }) => {
      const isWanted = freed < p.bytes;
      freed += bytes + this.#ledger.overhead;
      return isWanted;
    });
    return { removed: await this.#forget(records) };
  }

  async #forget(records: readonly R[]): Promise<number> {
    if (records.length === 0) return 0;
    return this.#face.write((db) => records.reduce((n, record) => n + this.#ledger.forget(db, record), 0), {
      rows: records.length,
    });
  }

  #look(
    db: Connection,
    p: { readonly rule: RetentionRule; readonly limit: number; readonly cursor?: string | undefined },
  ): { readonly records: readonly R[]; readonly next?: string } {
    const ledger = this.#ledger;
    const start: readonly [G] = [ledger.first];
    let [after] = p.cursor === undefined ? start : parseCursor(p.cursor, start);
    const records: R[] = [];
    for (let i = 0; i < GROUPS; i += 1) {
      const group = ledger.groupAfter(db, after);
      if (group === undefined) return { records };
      const rule = ledger.ruleOf(db, group, p.rule);
      const before = spentBefore(rule, (n) => ledger.nth(db, group, n));
      const room = p.limit - records.length;
      const spent = ledger.spent(db, group, before, room);
      records.push(...spent);
      if (spent.length === room) break;
      after = group;
    }
    return { records, next: cursorOf([after]) };
  }
}

/** What may be forgotten of a SQLite file. */
export class SqliteUpkeep implements StoreUpkeep {
  readonly runs: Retention;
  readonly findings: Retention;
  readonly #face: Face;

  constructor(client: SqliteClient) {
    this.#face = new Face(client);
    this.runs = new SqliteRetention(this.#face, RUNS);
    this.findings = new SqliteRetention(this.#face, FINDINGS);
  }

  sweptAt(): Promise<number | null> {
    return this.#face.read((db) => {
      const row = db.get<{ value: string }>("SELECT value FROM meta WHERE key = 'swept_at'");
      return row ? Number(row.value) : null;
    });
  }

  async markSwept(p: { readonly at: number }): Promise<void> {
    const sql =
      "INSERT INTO meta (key, value) VALUES ('swept_at', ?) ON CONFLICT DO UPDATE SET value = excluded.value";
    await this.#face.write((db) => db.run(sql, String(p.at)));
  }
}
