import { describe, expect, it } from 'vitest';
import { pythonHealth } from './python-health.ts';

const workers = { busy: 0, idle: 0, rssKb: 0 };
const interpreter = { ok: true, interpreter: { path: '/usr/bin/python3', version: '3.11.7' } } as const;

describe('pythonHealth', () => {
  it('does not know before Python was looked for', () => {
    expect(pythonHealth({ interpreter: undefined, functions: [], workers })).toEqual({ status: 'unknown' });
  });

  it('says what is missing', () => {
    const missing = { ok: false, reason: 'no Python by the name python3: install it' } as const;
    expect(pythonHealth({ interpreter: missing, functions: [], workers })).toEqual({
      status: 'missing',
      reason: 'no Python by the name python3: install it',
    });
  });

  it('names the functions that cannot run yet, and why', () => {
    const functions = [
      { function: 'fine', state: 'ready', reason: undefined },
      { function: 'slow', state: 'preparing', reason: undefined },
      { function: 'broken', state: 'failed', reason: 'no package pandsa' },
    ] as const;
    expect(pythonHealth({ interpreter, functions: functions.slice(0, 1), workers })).toEqual({
      status: 'ready',
      version: '3.11.7',
    });
    expect(pythonHealth({ interpreter, functions, workers }).functions).toEqual({
      slow: 'preparing',
      broken: 'no package pandsa',
    });
  });
});
