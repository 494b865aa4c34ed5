import type { Clock, StoreInspector } from '@kairos/ports';
import { openClient, type SqliteClient, type SqliteOptions } from './client.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';
import { SqliteInspector } from './sqlite-inspector.ts';
import { SqliteRunHistory } from './sqlite-run-history.ts';
import { SqliteSeriesStore } from './sqlite-series-store.ts';
import { SqliteTaskStore } from './sqlite-task-store.ts';
import { SqliteUpkeep } from './sqlite-upkeep.ts';

export interface SqliteDeps {
  /** Tells when a revision was logged. */
  readonly clock?: Clock | undefined;
}

export interface SqliteHealth {
  readonly ok: boolean;
  /** The disk fault that stopped all writing. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

/** The ports over one file. */
export interface SqliteStore {
  readonly tasks: SqliteTaskStore;
  readonly history: SqliteRunHistory;
  readonly series: SqliteSeriesStore;
  /** A raw look, for checks. */
  readonly inspector: StoreInspector;
  readonly budget: SqliteBudgetStore;
  /** What the housekeeper may forget. */
  readonly upkeep: SqliteUpkeep;
  /** Waits for writes under way, then closes the file; every later call rejects with `STORE_CLOSED`. */
  close(): Promise<void>;
  health(): SqliteHealth;
}

/** The ports over an open client. */
export function storesOver(client: SqliteClient, deps: SqliteDeps = {}): SqliteStore {
  return {
    tasks: new SqliteTaskStore(client),
    history: new SqliteRunHistory(client),
    series: new SqliteSeriesStore(client, deps.clock),
    inspector: new SqliteInspector(client),
    budget: new SqliteBudgetStore(client),
    upkeep: new SqliteUpkeep(client),
    close: () => client.close(),
    health: () => {
      const { fault } = client;
      return fault ? { ok: false, code: fault.code, message: fault.message } : { ok: true };
    },
  };
}

/**
 * Opens the store at `path`, making or upgrading it as needed. Rejects with a StoreError that names its remedy:
 * `STORE_NEWER` (written by a later Kairos), `STORE_CORRUPT` (damaged, or another program's), `STORE_LOCKED`,
 * `STORE_READ_ONLY`, `STORE_FULL`, `STORE_IO`.
 *
 * While open: a disk fault (`STORE_IO`, `STORE_CORRUPT`, `STORE_REPLACED`) rejects the write that met it and every later
 * one, and shows in `health()`; reads go on. So does `STORE_FULL`, until there is room again.
 */
export async function openSqliteStore(options: SqliteOptions, deps: SqliteDeps = {}): Promise<SqliteStore> {
  return storesOver(await openClient(options), deps);
}
