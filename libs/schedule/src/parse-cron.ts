import { CRON_FIELDS, type CronField, type CronTerm } from './cron-fields.ts';
import { parseTerm, type Unproven } from './cron-term.ts';
import { refusal, shown } from './refuse.ts';

/** A cron expression as read: one list of terms per field, in the order of `CRON_FIELDS`. */
export interface ParsedCron {
  readonly kind: 'cron';
  readonly text: string;
  readonly fields: readonly (readonly CronTerm[])[];
  readonly unproven: readonly Unproven[];
}

interface Word {
  readonly text: string;
  /** Column of its first character in the whole text, from 1. */
  readonly position: number;
}

const DAY_OF_MONTH = 2;
const DAY_OF_WEEK = 4;

function wordsOf(text: string, offset: number): readonly Word[] {
  const words: Word[] = [];
  let position = offset + 1;
  for (const word of text.split(/\s/)) {
    if (word !== '') words.push({ text: word, position });
    position += word.length + 1;
  }
  return words;
}

/** What a person who wrote the fields of another cron most likely meant. */
function mendFields(words: readonly Word[]): string {
  const texts = words.map((word) => word.text);
  if (texts.length === 5) texts.push('*');
  else if (texts.length === 7) texts.shift();
  else return 'cron(0 18 * * ? *)';
  return `cron(${mendDays(texts).join(' ')})`;
}

/** One of the two day fields has to be `?`; a `*` there says nothing and makes room for it. */
function mendDays(texts: readonly string[]): readonly string[] {
  const day = texts[DAY_OF_MONTH];
  const weekday = texts[DAY_OF_WEEK];
  if (day === '?' && weekday === '?') return texts.with(DAY_OF_MONTH, '*');
  if (day === '?' || weekday === '?') return texts;
  return weekday === '*' ? texts.with(DAY_OF_WEEK, '?') : texts.with(DAY_OF_MONTH, '?');
}

function checkQuestions(words: readonly Word[]): void {
  const stray = words.findIndex((word, i) =>
    i === DAY_OF_MONTH || i === DAY_OF_WEEK
      ? word.text !== '?' && word.text.includes('?')
      : word.text.includes('?'),
  );
  const word = words[stray];
  if (word !== undefined) {
    const field = CRON_FIELDS[stray]?.name ?? '';
    throw refusal('schedule_cron_question', { field, value: shown(word.text), position: word.position });
  }
  const asked = [DAY_OF_MONTH, DAY_OF_WEEK].filter((i) => words[i]?.text === '?').length;
  if (asked === 1) return;
  const texts = words.map((each) => each.text);
  const params = {
    value: shown(`${texts[DAY_OF_MONTH]} … ${texts[DAY_OF_WEEK]}`),
    position: words[DAY_OF_MONTH]?.position ?? 0,
    mend: shown(`cron(${mendDays(texts).join(' ')})`),
  };
  throw refusal(asked === 0 ? 'schedule_cron_both_days' : 'schedule_cron_no_days', params);
}

const NONE: readonly CronTerm[] = [{ kind: 'none' }];
const EVERY: readonly CronTerm[] = [{ kind: 'every', step: 1 }];

/** What nearly all fields hold: `?`, `*` or one plain number, read without more ado; undefined for everything else. */
function commonField(word: string, { min, max }: CronField): readonly CronTerm[] | undefined {
  if (word === '?') return NONE;
  if (word === '*') return EVERY;
  if (word.length > 4) return undefined;
  const at = Number(word);
  return Number.isInteger(at) && at >= min && at <= max && String(at) === word
    ? [{ kind: 'value', at }]
    : undefined;
}

const isSpecial = (raw: string): boolean => /^(L|LW|L-\d+|\d+W|.+L)$/i.test(raw);

function parseField(word: Word, field: CronField, unproven: Unproven[]): readonly CronTerm[] {
  const common = commonField(word.text, field);
  if (common) return common;
  const raws = word.text.split(',');
  const note = (construct: Unproven['construct'], value: string): void => {
    unproven.push({ construct, field: field.name, value: shown(value) });
  };
  if (raws.length > 1 && field.wildcards.includes('#') && word.text.includes('#')) {
    const params = { field: field.name, value: shown(word.text), position: word.position };
    throw refusal('schedule_cron_nth_list', params);
  }
  if (raws.length > 1 && field.wildcards.includes('?') && raws.some(isSpecial))
    note('special_in_list', word.text);
  let position = word.position;
  return raws.map((raw) => {
    const place = { field, position, note: (construct: Unproven['construct']) => note(construct, raw) };
    position += raw.length + 1;
    if (raw === '') {
      const params = { field: field.name, value: shown(word.text), position: place.position };
      throw refusal('schedule_cron_empty', params);
    }
    return parseTerm(raw, place);
  });
}

/**
 * Reads `cron(minutes hours day-of-month month day-of-week year)`; the text is known to have this outer shape.
 * @throws ValidationError `schedule_cron_*`, the first fault from the left
 */
export function parseCron(text: string): ParsedCron {
  const start = 'cron('.length;
  const inner = text.slice(start, -1);
  const words = wordsOf(inner, start);
  if (words.length !== CRON_FIELDS.length)
    throw refusal('schedule_cron_fields', { got: words.length, mend: shown(mendFields(words)) });
  checkQuestions(words);
  const unproven: Unproven[] = [];
  if (/^\s|\s$|\s\s|[^\S ]/.test(inner))
    unproven.push({ construct: 'spacing', field: 'cron', value: shown(text) });
  const fields = CRON_FIELDS.map((field, i) =>
    parseField(words[i] ?? { text: '', position: 0 }, field, unproven),
  );
  return { kind: 'cron', text, fields, unproven };
}
