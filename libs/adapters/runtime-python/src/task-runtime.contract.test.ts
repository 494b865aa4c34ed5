import { taskRuntimeContract } from '@kairos/testkit';
import { describe } from 'vitest';
import { hasPython, needsPython, openRig, processesOf } from './testing/rig.test-support.ts';

describe.skipIf(!hasPython)(`PythonRuntime${needsPython}`, () => {
  taskRuntimeContract('PythonRuntime', {
    memoryMb: 256,
    open: () => {
      const rig = openRig({ graceMs: 1_000 });
      return Promise.resolve({
        runtime: rig.runtime,
        now: () => Date.now(),
        workers: () => processesOf(rig.workDir).length,
        dispose: rig.dispose,
      });
    },
  });
});
