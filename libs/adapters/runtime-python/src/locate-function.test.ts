import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateFunction } from './locate-function.ts';

describe('locateFunction', () => {
  let root: string;
  let dir: string;
  const write = (name: string, text = '', mode = 0o644): void => {
    const file = join(dir, name);
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'locate-'));
    dir = join(root, 'functions');
    mkdirSync(dir, { mode: 0o755 });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('finds a module, or a package, with what it requires', async () => {
    write('one.py');
    write('one.requirements.txt', '# why\n\npandas==2.2.3  # because\n -e git+https://x#egg=y \n');
    write('two/__init__.py');
    write('two/requirements.txt', 'numpy\r\n');
    write('three.py');

    expect(await locateFunction(dir, 'one')).toMatchObject({
      ok: true,
      requirements: 'pandas==2.2.3\n-e git+https://x#egg=y',
    });
    expect(await locateFunction(dir, 'two')).toMatchObject({ ok: true, requirements: 'numpy' });
    expect(await locateFunction(dir, 'three')).toMatchObject({ ok: true, requirements: '' });
  });

  it.each(['four', '../functions/one', 'one.py', '', 'a/b', 'a\0', '__proto__', 'x'.repeat(65)])(
    'does not find %j',
    async (name) => {
      write('one.py');

      expect(await locateFunction(dir, name)).toMatchObject({ ok: false, code: 'JOB_FUNCTION_MISSING' });
    },
  );

  it.each([
    ['the file', 'one.py'],
    ['its requirements', 'one.requirements.txt'],
    ['the folder', '.'],
  ])('refuses when others may write to %s', async (_what, name) => {
    write('one.py');
    write('one.requirements.txt');
    chmodSync(join(dir, name), 0o775);

    expect(await locateFunction(dir, 'one')).toMatchObject({
      ok: false,
      code: 'JOB_FUNCTION_UNSAFE',
      reason: expect.stringContaining('chmod go-w'),
    });
  });

  it('refuses a link that leads out of the folder', async () => {
    writeFileSync(join(root, 'outside.py'), '', { mode: 0o644 });
    symlinkSync(join(root, 'outside.py'), join(dir, 'one.py'));

    expect(await locateFunction(dir, 'one')).toMatchObject({
      ok: false,
      code: 'JOB_FUNCTION_UNSAFE',
      reason: expect.stringContaining('out of the folder'),
    });
  });
});
