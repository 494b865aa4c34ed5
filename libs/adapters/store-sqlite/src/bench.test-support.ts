import { crc32 } from 'node:zlib';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from './connection.ts';
import { openSqliteStore, type SqliteStore } from './open-sqlite-store.ts';

/** A folder of its own, and every store opened in it, closed and removed together. */
export class Bench {
  readonly path: string;
  readonly #folder: string;
  readonly #open: SqliteStore[] = [];

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'kairos-sqlite-'));
    this.path = join(this.#folder, 'kairos.db');
  }

  async open(): Promise<SqliteStore> {
    const store = await openSqliteStore({ path: this.path });
    this.#open.push(store);
    return store;
  }

  async reopen(): Promise<SqliteStore> {
    await this.#closeAll();
    return this.open();
  }

  /** Every row of every table, health checks apart. */
  dump(): Record<string, unknown[]> {
    const db = new Connection(this.path, { readonly: true, timeoutMs: 1_000 });
    try {
      const tables = db.all<{ name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
      );
      return Object.fromEntries(tables.map(({ name }) => [name, db.all<unknown>(`SELECT * FROM ${name}`)]));
    } finally {
      db.close();
    }
  }

  async close(): Promise<void> {
    await this.#closeAll();
    rmSync(this.#folder, { recursive: true });
  }

  async #closeAll(): Promise<void> {
    for (const store of this.#open.splice(0)) await store.close();
  }
}

/** A page as format 4 wrote it: rows of one length, all numbers with two decimals. */
export function pageOfVersion1(
  columns: number,
  rows: readonly { readonly series: number; readonly ts: number; readonly ints: readonly number[] }[],
): Uint8Array {
  const step = 12 + columns * 9;
  const body = new Uint8Array(4 + rows.length * step + 4);
  const view = new DataView(body.buffer);
  view.setUint8(0, 1);
  view.setUint8(1, columns);
  view.setUint16(2, rows.length);
  for (const [i, { series, ts, ints }] of rows.entries()) {
    const at = 4 + i * step;
    view.setUint32(at, series);
    view.setFloat64(at + 4, ts);
    for (const [c, int] of ints.entries()) {
      view.setUint8(at + 12 + c * 9, 2);
      view.setFloat64(at + 13 + c * 9, int);
    }
  }
  view.setUint32(body.length - 4, crc32(body.subarray(0, -4)));
  return body;
}
