import type { RunKind, RunRecord } from '@kairos/domain';
import type { Page, RunHistory } from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import { cursorOf, parseCursor } from './cursor.ts';
import { Face } from './face.ts';

/** `running` never replaces a settled outcome; anything else replaces what stands. */
const PUT = `
INSERT INTO history (uid, kind, slot, fence, started_at, running, doc) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET started_at = excluded.started_at, running = excluded.running, doc = excluded.doc
WHERE running OR NOT excluded.running`;

const LIST = `
SELECT doc FROM history
WHERE uid = ? AND started_at <= ?
  AND ((started_at, fence, slot) < (?, ?, ?) OR ((started_at, fence, slot) = (?, ?, ?) AND kind > ?))
ORDER BY started_at DESC, fence DESC, slot DESC, kind LIMIT ?`;

/** Those of manual runs outlive their records. */
const RAN = `
SELECT 1 FROM history WHERE uid = ? AND kind = ? AND slot = ?
UNION ALL SELECT 1 FROM past_order WHERE uid = ? AND slot = ? AND ? = 'm' LIMIT 1`;

type Key = readonly [startedAt: number, fence: number, slot: number, kind: string];

const BEFORE_ALL: Key = [Number.MAX_SAFE_INTEGER, 0, 0, ''];

/** Run records in SQLite; they stay when their task goes. */
export class SqliteRunHistory implements RunHistory {
  readonly #face: Face;

  constructor(client: SqliteClient) {
    this.#face = new Face(client);
  }

  async put(p: { readonly record: RunRecord }): Promise<void> {
    const r = p.record;
    const running = r.outcome === 'running' ? 1 : 0;
    await this.#face.write((db) =>
      db.run(PUT, r.uid, r.kind, r.slot, r.fence, r.startedAt, running, JSON.stringify(r)),
    );
  }

  ran(p: { readonly uid: string; readonly kind: RunKind; readonly slot: number }): Promise<boolean> {
    const { uid, kind, slot } = p;
    return this.#face.read((db) => db.get(RAN, uid, kind, slot, uid, slot, kind) !== undefined);
  }

  list(p: {
    readonly uid: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>> {
    return this.#face.read((db) => {
      const key = p.cursor === undefined ? BEFORE_ALL : parseCursor(p.cursor, BEFORE_ALL);
      const [startedAt, fence, slot, kind] = key;
      const place = [startedAt, startedAt, fence, slot, startedAt, fence, slot, kind];
      const rows = db.all<{ doc: string }>(LIST, p.uid, ...place, p.limit + 1);
      const items = rows.slice(0, p.limit).map((row) => JSON.parse(row.doc) as RunRecord);
      const last = items.at(-1);
      if (!last || rows.length <= p.limit) return { items };
      return { items, next: cursorOf([last.startedAt, last.fence, last.slot, last.kind]) };
    });
  }
}
