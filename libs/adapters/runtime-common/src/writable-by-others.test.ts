import { describe, expect, it } from 'vitest';
import { writableByOthers } from './writable-by-others.ts';

describe('writableByOthers', () => {
  it.each([
    ['0644', 1000, 1000, false],
    ['0755', 1000, 50, false],
    ['0664', 1000, 50, true],
    ['0646', 1000, 1000, true],
    ['0666', 1000, 1000, true],
    ['0664', 0, 0, true],
  ] as const)('of mode %s, owner %i, group %i is %s', (mode, uid, gid, expected) => {
    expect(writableByOthers({ mode: Number.parseInt(mode, 8), uid, gid })).toBe(expected);
  });

  it('takes the group that is the owner’s alone for the owner', () => {
    expect(writableByOthers({ mode: 0o664, uid: 1000, gid: 1000 })).toBe(false);
  });
});
