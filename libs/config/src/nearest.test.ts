import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  it.each([
    ['prot', ['host', 'port', 'token'], 'port'],
    ['tickMs', ['tick_ms', 'log'], 'tick_ms'],
    ['baseurl', ['base_url', 'realm'], 'base_url'],
    ['concurency', ['concurrency'], 'concurrency'],
    ['colour', ['concurrency', 'locale', 'log'], undefined],
    ['x'.repeat(65), ['x'.repeat(65)], undefined],
    ['', [], undefined],
  ])('takes %s among %j for %s', (name, candidates, meant) => {
    expect(nearest(name, candidates)).toBe(meant);
  });
});
