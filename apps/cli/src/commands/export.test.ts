import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../command.ts';
import { assertFree } from './export.ts';

let dir = '';
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'kairos-export-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What a place is refused for; undefined: it is free. */
function refusalOf(path: string, force = false): unknown {
  try {
    assertFree(path, force);
    return undefined;
  } catch (error) {
    return error instanceof UsageError ? error.text : error;
  }
}

describe('the place of an export', () => {
  it('is refused by its own name where its folder is not there', () => {
    const [folder, path] = [join(dir, 'none'), join(dir, 'none', 'btc.csv')];

    for (const force of [false, true])
      expect(refusalOf(path, force)).toEqual({
        en: `${path}: there is no folder ${folder}; make it first`,
        zh: `${path}：没有文件夹 ${folder}；请先创建`,
      });
  });

  it('is refused where a file is, unless that may be replaced', () => {
    const path = join(dir, 'btc.csv');
    expect(refusalOf(path)).toBeUndefined();

    writeFileSync(path, 'mine');
    expect(refusalOf(path)).toMatchObject({
      en: `${path}: there is such a file already; --force replaces it`,
    });
    expect(refusalOf(path, true)).toBeUndefined();
  });
});
