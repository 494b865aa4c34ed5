import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasPython, needsPython } from './testing/rig.test-support.ts';

describe.skipIf(!hasPython)(`The package kairos_tasks${needsPython}`, () => {
  it('passes its own tests', { timeout: 120_000 }, () => {
    const cwd = fileURLToPath(new URL('../python/', import.meta.url));
    const { status, stderr } = spawnSync('python3', ['-B', '-m', 'unittest'], { cwd, encoding: 'utf8' });

    expect(stderr).toMatch(/Ran [1-9]\d* tests/);
    expect(`${status} ${stderr}`).toMatch(/^0 [\s\S]*\nOK( \(skipped=\d+\))?\n$/);
  });
});
