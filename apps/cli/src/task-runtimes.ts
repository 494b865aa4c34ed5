import { SystemClock } from '@kairos/clock-system';
import { openRuntimes, type Runtimes } from '@kairos/composition';
import type { RuntimeConfig } from '@kairos/config';
import type { Terminal } from './command.ts';
import { SILENT } from './open-house.ts';

/** What runs jobs in this process. Nothing is started before it is asked for. @throws ConfigError */
export const runtimesHere = (env: Terminal['env'], { functions }: RuntimeConfig): Runtimes =>
  openRuntimes({ functions, env, clock: new SystemClock(), log: SILENT });
