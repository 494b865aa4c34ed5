import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  type Rig,
} from './testing/rig.test-support.ts';

/** What the interpreter and reserves of libraries get besides: containment.py has the same number. */
const HEADROOM_MB = 64;

const HOLDS = `
from kairos_tasks import Context, task

@task("hold")
def hold(ctx: Context, params: dict) -> int:
    return len(bytearray(params["megabytes"] * 1_048_576)) // 1_048_576
`;

describe.skipIf(!hasPython || process.platform !== 'linux')(`A Python task${needsPython}`, () => {
  let rig: Rig;
  beforeEach(() => {
    rig = openRig();
    rig.write('holder.py', HOLDS);
  });
  afterEach(() => rig.dispose());

  const hold = (megabytes: number, memoryMb: number) =>
    rig.runtime.run(
      aCall({ function: 'holder', taskType: 'hold', params: { megabytes }, memoryMb }),
      new KeepingSink(),
      never,
    );

  it.each([64, 200, 500])('gets all of its %i megabytes', async (memoryMb) => {
    expect(await hold(memoryMb, memoryMb)).toEqual({ ok: true, result: memoryMb });
  });

  it('that needs more than it may fails alone, and leaves the next one alone', async () => {
    const kept = hold(100, 200);

    expect(await hold(100 + HEADROOM_MB, 100)).toMatchObject({ ok: false, error: { code: 'JOB_MEMORY' } });
    expect(await hold(100, 100)).toEqual({ ok: true, result: 100 });
    expect(await kept).toEqual({ ok: true, result: 100 });
  });
});
