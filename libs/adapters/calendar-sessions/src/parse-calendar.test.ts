import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, gridOf } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { CFFEX } from './cffex.ts';
import { parseCalendar } from './parse-calendar.ts';
import { SSE } from './sse.ts';

const FILE = 'config/calendars/mine.json';

/** What is said of a text that is refused; nothing of one that is not. */
function said(text: string): string {
  try {
    parseCalendar(text, FILE);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

const GOOD = `{
  // Facts of a made-up exchange.
  "id": "mine",
  "zone": "Europe/London",
  "validFrom": "2020-01-01",
  "validTo": "2020-12-31",
  "sessions": [
    { "from": "2020-01-01", "hours": [{ "open": "08:00", "close": "16:30" }] },
  ],
  "holidays": [
    { "from": "2020-12-25", "name": "Christmas" },
    { "from": "2020-12-28" }
  ],
  "special": [{ "date": "2020-12-24", "hours": [{ "open": "08:00", "close": "12:30" }] }],
  "sources": ["made up for a test"]
}`;

/** The text with one place written otherwise. */
const but = (place: string, other: string): string => {
  expect(GOOD).toContain(place);
  return GOOD.replace(place, other);
};

describe('a dated file', () => {
  it('may hold comments and trailing commas', () => {
    const calendar = parseCalendar(GOOD, FILE);
    expect(calendar.id).toBe('mine');
    expect(
      calendar.expected({
        grid: gridOf('1h'),
        range: { from: Date.UTC(2020, 11, 24), to: Date.UTC(2020, 11, 30) },
      }),
    ).toEqual([
      { from: Date.UTC(2020, 11, 24, 8), to: Date.UTC(2020, 11, 24, 13) },
      { from: Date.UTC(2020, 11, 29, 8), to: Date.UTC(2020, 11, 29, 17) },
    ]);
  });

  it('lies in config for Shanghai, to be copied and gone on with, and says what the shipped calendar says', () => {
    const file = fileURLToPath(new URL('../../../../config/calendars/sse.json', import.meta.url));
    expect(parseCalendar(readFileSync(file, 'utf8'), file).facts).toEqual(SSE);
  });

  it('is what the guide shows as one', () => {
    const guide = new URL('../../../../docs/guides/session-calendars.md', import.meta.url);
    const [, text = ''] = /```jsonc\n([\s\S]*?)```/.exec(readFileSync(guide, 'utf8')) ?? [];
    expect(said(text)).toBe('');
  });

  it.each([SSE, CFFEX])('can be made of the shipped calendar $id, and means the same', (facts) => {
    const calendar = parseCalendar(JSON.stringify(facts, null, 2), FILE);
    expect(calendar.facts).toEqual(facts);
  });

  it.each([
    ['no JSON', '{ "id": ', `${FILE}:1: is no JSON`],
    ['nothing', '', 'is no JSON'],
    ['no object', '[]', `${FILE}:1: the calendar must be an object`],
    [
      'a date that does not exist',
      but('"2020-12-25"', '"2020-02-30"'),
      `${FILE}:11: holidays[0].from must be a date`,
    ],
    [
      'a time that does not exist',
      but('"16:30"', '"25:00"'),
      `${FILE}:8: sessions[0].hours[0].close must be a time`,
    ],
    [
      'a zone that nobody knows',
      but('Europe/London', 'Europe/Lndon'),
      `${FILE}:4: zone must be an IANA zone`,
    ],
    ['holidays out of order', but('"2020-12-28"', '"2020-12-01"'), 'holidays[1].from must come after'],
    [
      'a holiday beyond the validity',
      but('"2020-12-28"', '"2021-01-01"'),
      'must lie between validFrom and validTo',
    ],
    [
      'a special day beyond the validity',
      but('"2020-12-24"', '"2021-12-24"'),
      'special[0].date must lie between',
    ],
    ['hours over midnight', but('"16:30"', '"07:00"'), 'write a session over midnight as two'],
    ['a rule that begins too late', but('"from": "2020-01-01"', '"from": "2020-01-02"'), 'or before'],
    ['a misspelt key', but('"holidays"', '"holydays"'), 'holydays is not known; remove it'],
    ['a missing list', but('"holidays"', '"holydays"'), 'holidays must be a list, not nothing'],
    ['no source', but('["made up for a test"]', '[]'), 'sources must say where the facts are from'],
    ['an id in capitals', but('"mine"', '"MINE"'), 'id must be a short name in lower case'],
    [
      'a validity that ends before it begins',
      but('"2020-12-31"', '"2019-12-31"'),
      'validTo must not be before',
    ],
  ])('with %s is refused, and the place named', (_what, text, message) => {
    expect(said(text)).toContain(message);
  });

  it('is told of all its mistakes at once, in the order of their lines', () => {
    const text = but('"2020-12-25"', '"never"').replace(
      '"08:00", "close": "16:30"',
      '"8:00", "close": "16:30"',
    );
    expect(said(text).split('\n')).toEqual([
      `the calendar ${FILE} has 2 mistakes:`,
      `  ${FILE}:8: sessions[0].hours[0].open must be a time like 09:30, up to 24:00, not "8:00"`,
      `  ${FILE}:11: holidays[0].from must be a date like 2024-09-19, not "never"`,
    ]);
  });
});
