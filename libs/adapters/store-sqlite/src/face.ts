import { setImmediate } from 'node:timers';
import type { SqliteClient } from './client.ts';
import type { Connection } from './connection.ts';
import { closedError } from './errors.ts';
import type { WriteOptions } from './write-lane.ts';

/** Reads in a row may keep this process from all else for so long; then everything else has its turn first. */
const TURN_MS = 20;

/** One port's way to the shared file: closed on its own, while the other ports' stores go on. */
export class Face {
  readonly #client: SqliteClient;
  #closed = false;
  #spentMs = 0;
  #turn: Promise<void> | undefined;

  constructor(client: SqliteClient) {
    this.#client = client;
  }

  write<T>(op: (db: Connection) => T, options?: WriteOptions<T>): Promise<T> {
    return this.#closed ? Promise.reject(closedError(this.#client.path)) : this.#client.write(op, options);
  }

  async read<T>(op: (db: Connection) => T): Promise<T> {
    this.check();
    while (this.#spentMs >= TURN_MS) await (this.#turn ??= this.#giveWay());
    this.check();
    const began = performance.now();
    try {
      return this.#client.read(op);
    } finally {
      this.#spentMs += performance.now() - began;
    }
  }

  async #giveWay(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#spentMs = 0;
    this.#turn = undefined;
  }

  /** @throws StoreError `STORE_CLOSED` */
  check(): void {
    if (this.#closed) throw closedError(this.#client.path);
  }

  close(): void {
    this.#closed = true;
  }
}
