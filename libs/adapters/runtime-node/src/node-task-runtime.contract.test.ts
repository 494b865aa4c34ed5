import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { taskRuntimeContract } from '@kairos/testkit';
import { afterAll, beforeAll } from 'vitest';
import { NodeTaskRuntime } from './node-task-runtime.ts';
import { realClock } from './testing/real-clock.ts';
import { workersAlive } from './testing/workers.ts';

const FIXTURE = fileURLToPath(new URL('testing/functions/contract_tasks.mjs', import.meta.url));

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kairos-contract-'));
  copyFileSync(FIXTURE, join(dir, 'contract_tasks.mjs'));
  writeFileSync(join(dir, 'contract_broken.mjs'), 'export const tasks = {');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

taskRuntimeContract('NodeTaskRuntime', {
  memoryMb: 192,
  open: () => {
    const runtime = new NodeTaskRuntime({ dir, clock: realClock, env: process.env });
    return Promise.resolve({
      runtime,
      now: realClock.now,
      workers: () => workersAlive().length,
      dispose: () => runtime.close(),
    });
  },
});
