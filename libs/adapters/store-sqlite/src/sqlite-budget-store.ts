import type { BudgetItem, BudgetStore, CasOutcome } from '@kairos/ports';
import type { SqliteClient } from './client.ts';
import type { Connection } from './connection.ts';
import { Face } from './face.ts';

/** Budget items in SQLite: shared by every process that has the file open. */
export class SqliteBudgetStore implements BudgetStore {
  readonly #face: Face;

  constructor(client: SqliteClient) {
    this.#face = new Face(client);
  }

  get(p: { readonly scope: string }): Promise<BudgetItem | undefined> {
    return this.#face.read((db) => itemOf(db, p.scope));
  }

  put(p: { readonly item: BudgetItem; readonly expectedV: number }): Promise<CasOutcome<BudgetItem>> {
    return this.#face.write<CasOutcome<BudgetItem>>(
      (db) => {
        const current = itemOf(db, p.item.scope);
        if ((current?.v ?? 0) !== p.expectedV) return { outcome: 'conflict', current };
        const value = { ...p.item, v: p.expectedV + 1 };
        db.run(
          'INSERT INTO budget (scope, v, doc) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET v = excluded.v, doc = excluded.doc',
          value.scope,
          value.v,
          JSON.stringify(value),
        );
        return { outcome: 'committed', value };
      },
      { onUnknown: () => ({ outcome: 'unknown' }) },
    );
  }
}

function itemOf(db: Connection, scope: string): BudgetItem | undefined {
  const row = db.get<{ doc: string }>('SELECT doc FROM budget WHERE scope = ?', scope);
  return row && (JSON.parse(row.doc) as BudgetItem);
}
