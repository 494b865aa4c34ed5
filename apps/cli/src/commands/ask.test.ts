import { describe, expect, it } from 'vitest';
import type { Call } from '../command.ts';
import type { Reply } from '../door/door.ts';
import { refusal } from './ask.ts';

/** What a person reads of a refused query. */
function shown(error: string): readonly string[] {
  const err: string[] = [];
  const reply = { status: 404, body: { success: false, message: 'not found', error, code: 'NOT_FOUND' } };
  const call: Call = {
    words: [],
    options: {},
    terminal: { env: {}, out: () => undefined, err: (text) => void err.push(text) },
  };
  refusal(reply as Reply, call);
  return err;
}

describe('a refusal', () => {
  it('names the option where a query has a field', () => {
    expect(shown('series a/b does not exist; it can be derived from 1m: add derive=true')).toEqual([
      'kairos: not found: series a/b does not exist; it can be derived from 1m: add --derive',
    ]);
  });
});
