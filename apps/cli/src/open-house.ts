import { existsSync } from 'node:fs';
import { SystemClock } from '@kairos/clock-system';
import { openSources, prepareSources } from '@kairos/composition';
import type { RuntimeConfig } from '@kairos/config';
import { StoreError } from '@kairos/domain';
import type { BudgetStore, Logger, SourceRegistry } from '@kairos/ports';
import { openSqliteStore, type SqliteStore } from '@kairos/store-sqlite';
import { compose, type House, type JobParts } from './composition-root.ts';

export interface OpenHouse extends House {
  readonly path: string;
  readonly exchangeOf: (source: string) => string;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
/** Reports tell what matters. */
export const SILENT: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => SILENT,
};

/** Nobody asks a venue before there is a store that counts it. */
const unasked: BudgetStore = {
  get: () => Promise.reject(new Error('the store is not open yet')),
  put: () => Promise.reject(new Error('the store is not open yet')),
};

/** Opens a store and the configured sources on its budget. `create`: make the file if there is none. @throws ConfigError, StoreError */
export async function openHouse(p: {
  readonly config: RuntimeConfig;
  readonly path: string;
  readonly create: boolean;
  readonly log?: Logger | undefined;
  /** What jobs are run with; without it only collecting is done. */
  readonly jobs?: JobParts | undefined;
  /** Throws where the sources cannot do what is wanted; called before a file is touched. */
  readonly check?: ((sources: SourceRegistry) => void) | undefined;
}): Promise<OpenHouse> {
  const { config, path, create, log = SILENT, check } = p;
  if (!create && !existsSync(path))
    throw new StoreError(
      'STORE_MISSING',
      `store ${path}: there is no such file; name another with --store PATH, or make it with kairos backfill`,
    );
  const prepared = await prepareSources(config);
  const closeVenues = async (): Promise<void> => {
    for (const venue of prepared.venues) await venue.close();
  };
  let store: SqliteStore | undefined;
  try {
    check?.(openSources({ sources: prepared, budget: unasked, clock: new SystemClock(), log }));
    store = await openSqliteStore({ path });
    const opened = store;
    const house = compose({ config, store: opened, prepared, log, jobs: p.jobs });
    return {
      ...house,
      path,
      exchangeOf: (source) => prepared.settings[source]?.exchange ?? source,
      close: async () => {
        await house.sources.close();
        await closeVenues();
        await opened.close();
      },
    };
  } catch (error) {
    await closeVenues();
    await store?.close();
    throw error;
  }
}
