import { SCHEDULE_CODES, scheduleText } from '@kairos/schedule';
import { isMessageCode, MESSAGES, type Locale, type MessageCode } from './messages.ts';

export type Params = Readonly<Record<string, string | number>>;

/** No reply repeats more of what a person sent in one place. */
export const MAX_ECHO = 80;

/** Marks, controls and direction changes of Unicode that a log or a terminal must not be fed. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (char: string): string => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;

/** Foreign text made safe to show: no control characters, at most 80 characters. */
export function clip(text: string, max = MAX_ECHO): string {
  const safe = text.slice(0, max + 1).replace(UNSAFE, escaped);
  // A cut may leave half a character behind.
  return safe.length > max ? `${safe.slice(0, max - 1).replace(/\p{Cs}$/u, '')}…` : safe;
}

/** Lists of options come from this side and are not cut so short. */
const limitOf = (name: string): number => (name === 'options' ? 1_000 : MAX_ECHO);

/** The text of a code in a language, with its parameters in place. */
export function say(code: MessageCode, locale: Locale, params: Params = {}): string {
  const filled = MESSAGES[code][locale].replace(/\{(\w+)\}/g, (_, name: string) =>
    clip(String(Object.hasOwn(params, name) ? params[name] : '?'), limitOf(name)),
  );
  return params['suggestion'] === undefined || code === 'did_you_mean'
    ? filled
    : filled + say('did_you_mean', locale, { suggestion: params['suggestion'] });
}

/** A code no table knows, as words: `TASK_FROZEN` → `task frozen`. */
export const humanise = (code: string): string => clip(code.replace(/[_.]+/g, ' ').toLowerCase());

/** The text of a rule that was broken; rules of other rooms that the table lacks become readable words. */
export function sayIssue(field: string, code: string, locale: Locale, params: Params): string {
  if (isMessageCode(code)) return say(code, locale, { ...params, field });
  if (SCHEDULE_CODES.includes(code)) {
    const shown = Object.entries(params).map(([key, v]) => [key, typeof v === 'string' ? clip(v) : v]);
    return `${field}${locale === 'zh' ? '：' : ': '}${scheduleText({ code, params: Object.fromEntries(shown) }, locale)}`;
  }
  return say('other_issue', locale, { field, reason: humanise(code) });
}
