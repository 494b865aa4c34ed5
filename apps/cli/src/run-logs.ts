import { dirname, join } from 'node:path';
import { SystemClock } from '@kairos/clock-system';
import { FsRunLogs } from '@kairos/run-logs-fs';
import { SILENT } from './open-house.ts';

/** What runs say is kept beside the store. */
export const logsBeside = (store: string): FsRunLogs =>
  new FsRunLogs({ dir: join(dirname(store), 'logs'), clock: new SystemClock(), log: SILENT });
