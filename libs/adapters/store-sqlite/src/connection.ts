import Database from 'better-sqlite3';

type Param = string | number | null | Uint8Array;

/** The slice of the driver we use: prepared statements by their text, kept, run synchronously. */
export class Connection {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement<Param[]>>();

  constructor(path: string, options: { readonly readonly: boolean; readonly timeoutMs: number }) {
    this.#db = new Database(path, {
      readonly: options.readonly,
      fileMustExist: true,
      timeout: options.timeoutMs,
    });
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** Runs a write; answers how many rows it changed. */
  run(sql: string, ...params: Param[]): number {
    return this.#prepared(sql).run(...params).changes;
  }

  get<T>(sql: string, ...params: Param[]): T | undefined {
    return this.#prepared(sql).get(...params) as T | undefined;
  }

  all<T>(sql: string, ...params: Param[]): T[] {
    return this.#prepared(sql).all(...params) as T[];
  }

  /** The only value of the only row of a statement that always has one. */
  number(sql: string, ...params: Param[]): number {
    const row = this.get<Record<string, number>>(sql, ...params);
    return Number(Object.values(row ?? {})[0]);
  }

  close(): void {
    this.#db.close();
  }

  #prepared(sql: string): Database.Statement<Param[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare<Param[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
