import type { SqliteClient } from './client.ts';
import type { Connection } from './connection.ts';
import { closedError } from './errors.ts';
import type { WriteOptions } from './write-lane.ts';

/** One port's way to the shared file: closed on its own, while the other ports' stores go on. */
export class Face {
  readonly #client: SqliteClient;
  #closed = false;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  async write<T>(op: (db: Connection) => T, options?: WriteOptions<T>): Promise<T> {
    this.check();
    return this.#client.write(op, options);
  }

  async read<T>(op: (db: Connection) => T): Promise<T> {
    this.check();
    return this.#client.read(op);
  }

  /** @throws StoreError `STORE_CLOSED` */
  check(): void {
    if (this.#closed) throw closedError(this.#client.path);
  }

  close(): void {
    this.#closed = true;
  }
}
