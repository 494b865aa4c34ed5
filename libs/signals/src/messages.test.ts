import { SCHEDULE_CODES } from '@kairos/schedule';
import { describe, expect, it } from 'vitest';
import { LOCALES, MESSAGES } from './messages.ts';
import { clip, say, sayIssue } from './render.ts';

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '').sort();

describe('messages', () => {
  it.each(Object.entries(MESSAGES))('says %s in every language with the same parameters', (_, message) => {
    for (const locale of LOCALES) expect(message[locale].length).toBeGreaterThan(0);
    expect([...new Set(placeholders(message.zh))]).toSatisfy((zh: string[]) =>
      zh.every((p) => placeholders(message.en).includes(p)),
    );
    expect(message.zh).toMatch(/\p{Script=Han}/u);
    expect(message.en).not.toMatch(/\p{Script=Han}/u);
  });

  it('fills parameters, shortened and made safe', () => {
    expect(say('unknown_source', 'en', { field: 'source', got: 'x'.repeat(100) })).toBe(
      `source "${'x'.repeat(79)}…" is unknown`,
    );
    expect(clip(`${'a'.repeat(78)}😀😀`)).toBe(`${'a'.repeat(78)}…`);
    expect(say('TASK_NOT_FOUND', 'zh', {})).toBe('任务?不存在');
  });

  it('turns rules it does not know into readable words', () => {
    expect(sayIssue('schedule', 'rate_too_often', 'en', {})).toBe('schedule is not valid (rate too often)');
    expect(sayIssue('schedule', 'rate_too_often', 'zh', {})).toBe('schedule无效（rate too often）');
    expect(sayIssue('x', 'toString', 'en', {})).toBe('x is not valid (tostring)');
  });

  it.each(SCHEDULE_CODES)('says %s of a schedule in both languages, with the field', (code) => {
    const params = { got: '\u0007x', value: 'v', mend: 'm', zone: 'UTC', target: 't', field: 'hours' };

    expect(sayIssue('schedule', code, 'en', params)).toMatch(/^schedule: \P{Script=Han}+$/u);
    expect(sayIssue('config.schedule', code, 'zh', params)).toMatch(/^config\.schedule：.*\p{Script=Han}/u);
    expect(sayIssue('schedule', code, 'en', params)).not.toContain('\u0007');
  });
});
