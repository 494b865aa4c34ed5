import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EN, ZH } from './texts.ts';
import { explainViolation, placeText } from './explain.ts';
import { violation, VIOLATION_SEVERITIES } from './violation.ts';

const CODES = Object.keys(VIOLATION_SEVERITIES) as (keyof typeof VIOLATION_SEVERITIES)[];

describe('explainViolation', () => {
  it.each(CODES)('says of %s what it is and how to mend it, in both languages', (code) => {
    for (const texts of [EN, ZH]) for (const text of texts[code]) expect(text.length).toBeGreaterThan(1);
    expect(ZH[code].join('')).toMatch(/\p{Script=Han}/u);
    expect(EN[code].join('')).not.toMatch(/\p{Script=Han}/u);
  });

  it('says how many there are, and what was found', () => {
    const one = violation('row_without_run', { ts: 0 }, '', 3);

    expect(explainViolation(one, 'en').what).toMatch(/ \(3 of them\)$/);
    expect(explainViolation({ ...one, n: 1, detail: 'x' }, 'zh').what).toMatch(/ \(x\)$/);
  });

  it('names the place in one line', () => {
    expect(placeText({ series: 'k', block: 3, ts: 0 })).toBe('series k block 3 at 1970-01-01T00:00:00.000Z');
    expect(placeText({ uid: 'u', ts: 9e15 })).toBe('uid u at 9000000000000000');
    expect(placeText({ budget: 'default|binance/api' })).toBe('budget default|binance/api');
    expect(placeText({})).toBe('');
  });

  it('has every code in the reference, and no other there', () => {
    const text = readFileSync(new URL('../../../docs/reference/errors.md', import.meta.url), 'utf8');
    const section = text.split('## Violations')[1] ?? '';
    const told = [...section.matchAll(/^\| `(\w+)`\s*\| (\w+)/gm)].map(([, code, severity]) => [
      code,
      severity,
    ]);

    expect(told).toEqual(Object.entries(VIOLATION_SEVERITIES));
  });
});
