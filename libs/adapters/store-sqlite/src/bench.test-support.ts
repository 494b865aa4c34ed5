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
