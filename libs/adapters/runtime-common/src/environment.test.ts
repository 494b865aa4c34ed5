import { describe, expect, it } from 'vitest';
import { checkNames, picked } from './environment.ts';

describe('checkNames', () => {
  it.each([
    'KAIROS_HTTP__TOKEN',
    'AWS_SECRET_ACCESS_KEY',
    'TENCENTCLOUD_SECRETKEY',
    'PYTHONPATH',
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'A=B',
    '',
  ])('refuses %j', (name) => {
    expect(() => checkNames(['MY_KEY', name])).toThrow('functions may not be given');
  });

  it('takes what an operator made for a function', () => {
    expect(() => checkNames(['MY_KEY', 'MY_NODE_OPTIONS', '_x1'])).not.toThrow();
  });
});

describe('picked', () => {
  it('gives what is set and asked for, and nothing that every object has', () => {
    const env = { MY_KEY: 'mine', OTHER: 'other', EMPTY: '', UNSET: undefined };

    expect(picked(env, ['MY_KEY', 'EMPTY', 'UNSET', 'constructor'])).toEqual({ MY_KEY: 'mine', EMPTY: '' });
  });
});
