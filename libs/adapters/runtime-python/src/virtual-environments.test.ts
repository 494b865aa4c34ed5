import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { RecordingLogger } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  realClock,
  type Rig,
} from './testing/rig.test-support.ts';
import { VirtualEnvironments } from './virtual-environments.ts';

/** A package as a wheel, made here: nothing is fetched. */
const WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.writestr("synthetic_package.py", "ANSWER = 42\\n")
    d = "synthetic_package-1.0.dist-info"
    z.writestr(d + "/METADATA", "Metadata-Version: 2.1\\nName: synthetic-package\\nVersion: 1.0\\n")
    z.writestr(d + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    z.writestr(d + "/RECORD", "synthetic_package.py,,\\n" + d + "/METADATA,,\\n" + d + "/WHEEL,,\\n" + d + "/RECORD,,\\n")
`;
const FUNCTION = `
import sys
from kairos_tasks import Context, task
from synthetic_package import ANSWER

@task("answer")
def answer(ctx: Context) -> list:
    return [ANSWER, sys.prefix]
`;

describe.skipIf(!hasPython)(`Requirements of functions${needsPython}`, { timeout: 180_000 }, () => {
  let root: string;
  let wheel: string;
  let rig: Rig;
  const logger = new RecordingLogger();
  const call = () => aCall({ function: 'needy', taskType: 'answer' });
  const run = () => rig.runtime.run(call(), new KeepingSink(), never);
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'venvs-'));
    wheel = join(root, 'synthetic_package-1.0-py3-none-any.whl');
    execFileSync('python3', ['-c', WHEEL, wheel]);
    // As the default is: from where the server stands.
    rig = openRig({ venvDir: relative(process.cwd(), join(root, 'venvs')), logger });
    rig.write('needy.py', FUNCTION);
  });
  afterEach(async () => {
    await rig.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  it('are installed once, apart from Python’s own, by whoever asks first', async () => {
    rig.write('needy.requirements.txt', `${wheel}\n`);
    expect(await run()).toMatchObject({
      ok: false,
      error: { code: 'JOB_RUNTIME_PREPARING', permanent: false },
    });
    expect(await rig.runtime.inspect({ function: 'needy' })).toMatchObject({ code: 'JOB_RUNTIME_PREPARING' });
    const other = openRig({ venvDir: join(root, 'venvs') });
    other.write('needy.requirements.txt', `# the same, said otherwise\n${wheel}\n`);
    other.write('needy.py', FUNCTION);
    const [status] = await Promise.all([rig.runtime.prepare(), other.runtime.prepare()]);

    expect(status.functions).toContainEqual({ function: 'needy', state: 'ready', reason: undefined });
    const end = await run();
    expect(end).toMatchObject({ ok: true, result: [42, expect.stringContaining(join(root, 'venvs'))] });
    expect(await other.runtime.run(call(), new KeepingSink(), never)).toEqual(end);
    expect(readdirSync(join(root, 'venvs')).filter((name) => /-\d+-/.test(name))).toHaveLength(1);
    expect(logger.entries.map((e) => e.event)).toContain('python.environment_ready');
    await other.dispose();
  });

  it('that cannot be had are told of with what pip said, and tried again when they change', async () => {
    rig.write('needy.requirements.txt', join(root, 'nowhere-1.0-py3-none-any.whl'));
    const status = await rig.runtime.prepare();

    expect(status.functions).toContainEqual({
      function: 'needy',
      state: 'failed',
      reason: expect.stringContaining('nowhere-1.0'),
    });
    expect(await run()).toMatchObject({
      ok: false,
      error: {
        code: 'JOB_REQUIREMENTS',
        permanent: false,
        message: expect.stringContaining('Mend the requirements of needy'),
      },
    });
    expect(await rig.runtime.run(aCall(), new KeepingSink(), never)).toMatchObject({ ok: true });
    rig.write('needy.requirements.txt', wheel);
    await rig.runtime.prepare();
    expect(await run()).toMatchObject({ ok: true, result: [42, expect.any(String)] });
  });

  it('that a killed server left half-installed are cleaned up, and its lock is not waited for', async () => {
    const dir = join(root, 'venvs');
    mkdirSync(dir);
    mkdirSync(join(dir, `${'a'.repeat(20)}-999999999-00ff`));
    const environments = new VirtualEnvironments({ dir, env: process.env, clock: realClock, logger });
    const look = await rig.runtime.prepare();
    if (look.interpreter?.ok !== true) throw new Error('no Python');
    const { interpreter } = look.interpreter;
    const first = await environments.ensure(interpreter, wheel);
    const [mark = ''] = readdirSync(dir).filter((name) => name.endsWith('.ready'));
    rmSync(join(dir, mark));
    writeFileSync(join(dir, mark.replace('.ready', '.lock')), '999999999');
    await environments.sweep();
    const second = await environments.ensure(interpreter, wheel);

    expect(existsSync(join(dir, `${'a'.repeat(20)}-999999999-00ff`))).toBe(false);
    expect([first.state, second.state]).toEqual(['ready', 'ready']);
    expect(readdirSync(dir).filter((name) => name.endsWith('.lock'))).toEqual([]);
    await environments.close();
  });
});
