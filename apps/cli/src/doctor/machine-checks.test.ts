import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sizeOf } from './machine-checks.ts';

describe('the size of a store', () => {
  it('counts what is in its log too', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kairos-doctor-'));
    try {
      const path = join(dir, 'kairos.sqlite');
      writeFileSync(path, '1234');
      expect(await sizeOf(path)).toBe(4);

      writeFileSync(`${path}-wal`, '123456');
      expect(await sizeOf(path)).toBe(10);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
