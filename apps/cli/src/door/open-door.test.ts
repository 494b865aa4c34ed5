import { describe, expect, it } from 'vitest';
import type { Found } from './find-server.ts';
import { addressOf } from './find-server.ts';
import { chooseDoor, type Situation } from './open-door.ts';

const URL_ = 'http://127.0.0.1:8640';
const server: Found = {
  kind: 'server',
  url: URL_,
  pid: 1,
  version: '1',
  store: { path: '/theirs', file: '1:2' },
};
const nobody: Found = { kind: 'none', url: URL_ };
const base: Situation = {
  server: undefined,
  store: undefined,
  path: 'ours',
  found: nobody,
  isServed: () => false,
};

describe('the choice of the way in', () => {
  it.each<[string, Partial<Situation>, object]>([
    ['no server answers: the store', {}, { door: 'store', path: 'ours' }],
    [
      'another program holds the port: the store',
      { found: { kind: 'stranger', url: URL_ } },
      { door: 'store' },
    ],
    [
      'a server of this store: the server',
      { found: server, isServed: () => true },
      { door: 'server', url: URL_ },
    ],
    [
      'a server of another store: neither',
      { found: server },
      { refusal: 'other_store', params: { theirs: '/theirs', ours: 'ours' } },
    ],
    [
      'that, but the store is named: the store',
      { found: server, store: 'mine' },
      { door: 'store', path: 'mine' },
    ],
    [
      'the named store is served: its server',
      { found: server, store: 'mine', isServed: (p) => p === 'mine' },
      { door: 'server' },
    ],
    [
      'that, but the server is named: the server',
      { found: server, server: URL_ },
      { door: 'server', url: URL_ },
    ],
    ['the named server does not answer: neither', { server: URL_ }, { refusal: 'unreachable' }],
    ['a server that hangs: neither', { found: { kind: 'silent', url: URL_ } }, { refusal: 'silent' }],
    [
      'a server that wants a token: neither',
      { found: { kind: 'refused', url: URL_, status: 401 } },
      { refusal: 'refused', params: { status: '401' } },
    ],
  ])('%s', (_what, over, expected) => {
    expect(chooseDoor({ ...base, ...over })).toMatchObject(expected);
  });

  it('reaches a server that listens everywhere on this machine', () => {
    expect(addressOf({ host: '0.0.0.0', port: 1 })).toBe('http://127.0.0.1:1');
    expect(addressOf({ host: '::', port: 1 })).toBe('http://[::1]:1');
    expect(addressOf({ host: '127.0.0.1', port: 0 })).toBeUndefined();
  });
});
