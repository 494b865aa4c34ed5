import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactor } from './redact.ts';

const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** How a venue may write a secret back. */
const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret),
  encodeURIComponent(secret),
  lower(encodeURIComponent(secret)),
  new URLSearchParams({ s: secret }).toString(),
  Buffer.from(secret).toString('base64'),
  ...['u', 'us', 'user'].flatMap((name) =>
    (['base64', 'base64url'] as const).map((form) => Buffer.from(`${name}:${secret}:x`).toString(form)),
  ),
];

/** What of a spelling can be told from its surroundings. */
const trace = (text: string): boolean => /canary|Y2FuYX|FuYXJ5|YW5hcn|Nhbm/i.test(text);

describe('redactor', () => {
  it.each(['canary+/="&%11 é', 'canary\\"quoted"\\', 'canary-plain-0123456789'])(
    'hides %j in every spelling',
    (secret) => {
      const redact = redactor({ apiKey: 'another', secret });

      for (const text of spellings(secret)) expect(trace(redact(`the key ${text} is bad`)), text).toBe(false);
    },
  );

  it('leaves no secret in any text, wherever it stands', () => {
    const secret = fc.string({ minLength: 4, maxLength: 40, unit: 'grapheme' }).filter((s) => s.trim() === s);
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
        const shown = redactor({ secret: hidden })(`${before} ${hidden} ${after}`);
        expect(hidden.includes('*') || !shown.includes(hidden)).toBe(true);
      }),
      { seed: 7 },
    );
  });

  it('hides parameters by their name, controls, and what is too long to be read', () => {
    const redact = redactor({});

    expect(redact('x?signature=abc&apiKey=def x\u001b[2J\r\nforged')).toBe(
      'x?signature=***&apiKey=*** x [2J forged',
    );
    expect(redact('x'.repeat(5_000)).length).toBeLessThan(300);
  });
});
