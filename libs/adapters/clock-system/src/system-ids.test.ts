import { describe, expect, it } from 'vitest';
import { SystemIds } from './system-ids.ts';

describe('SystemIds', () => {
  const ids = new SystemIds();

  it('mints uids of 12 base32 characters, each a new one', () => {
    const uids = Array.from({ length: 5_000 }, () => ids.uid());

    expect(uids.every((uid) => /^[a-z2-7]{12}$/.test(uid))).toBe(true);
    expect(new Set(uids).size).toBe(5_000);
  });

  it('mints nonces that never repeat', () => {
    expect(new Set(Array.from({ length: 5_000 }, () => ids.nonce())).size).toBe(5_000);
  });

  it('draws numbers in [0, 1) from both halves', () => {
    const draws = Array.from({ length: 1_000 }, () => ids.random());

    expect(draws.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(draws.some((x) => x < 0.5) && draws.some((x) => x >= 0.5)).toBe(true);
  });
});
