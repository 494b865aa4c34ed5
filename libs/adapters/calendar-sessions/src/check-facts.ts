import { dateOf, dayOf, LocalTime, minuteOf } from './civil.ts';
import { WEEKDAYS, type CalendarFacts } from './facts.ts';

/** One thing wrong with a calendar: where in it, and what to do about it. */
export interface FactsMistake {
  /** Keys and places down to the value: `['holidays', 3, 'to']`. */
  readonly path: readonly (string | number)[];
  /** Reads on after the path: `must be …, not …`. */
  readonly problem: string;
}

type Path = FactsMistake['path'];

const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

const KEYS = [
  'id',
  'title',
  'zone',
  'validFrom',
  'validTo',
  'sessions',
  'holidays',
  'special',
  'sources',
] as const;
const RULE_KEYS = ['from', 'days', 'hours'];
const HOLIDAY_KEYS = ['from', 'to', 'name'];
const SPECIAL_KEYS = ['date', 'hours', 'name'];
const HOURS_KEYS = ['open', 'close'];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a calendar as it came, and writes down all that is wrong with it. */
class Checker {
  readonly mistakes: FactsMistake[] = [];

  say(path: Path, problem: string): undefined {
    this.mistakes.push({ path, problem });
    return undefined;
  }

  object(path: Path, value: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> | undefined {
    if (!isObject(value)) return this.say(path, `must be an object with ${keys.join(', ')}`);
    for (const key of Object.keys(value))
      if (!keys.includes(key))
        this.say([...path, key], `is not known; remove it (known are ${keys.join(', ')})`);
    return value;
  }

  list(path: Path, value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    this.say(path, `must be a list, not ${shown(value)}`);
    return [];
  }

  text(path: Path, value: unknown): void {
    if (value !== undefined && typeof value !== 'string')
      this.say(path, `must be a text, not ${shown(value)}`);
  }

  date(path: Path, value: unknown): number | undefined {
    const day = typeof value === 'string' ? dayOf(value) : undefined;
    return day ?? this.say(path, `must be a date like 2024-09-19, not ${shown(value)}`);
  }

  hours(path: Path, value: unknown): void {
    const list = this.list(path, value);
    if (Array.isArray(value) && list.length === 0) this.say(path, 'must have at least one session');
    let end = 0;
    for (const [i, one] of list.entries()) {
      const at = [...path, i];
      const session = this.object(at, one, HOURS_KEYS);
      if (!session) continue;
      const open = this.minute([...at, 'open'], session['open']);
      const close = this.minute([...at, 'close'], session['close']);
      if (open === undefined || close === undefined) continue;
      if (close <= open)
        this.say(
          at,
          'must close after it opens; write a session over midnight as two: up to 24:00, from 00:00',
        );
      else if (open < end) this.say(at, 'must open after the session before it closes');
      end = Math.max(end, close);
    }
  }

  minute(path: Path, value: unknown): number | undefined {
    const minute = typeof value === 'string' ? minuteOf(value) : undefined;
    return minute ?? this.say(path, `must be a time like 09:30, up to 24:00, not ${shown(value)}`);
  }
}

interface Validity {
  readonly from: number;
  readonly to: number;
}

function checkRules(c: Checker, value: unknown, valid: Validity): void {
  const rules = c.list(['sessions'], value);
  if (Array.isArray(value) && rules.length === 0) c.say(['sessions'], 'must have at least one rule');
  let last = -Infinity;
  for (const [i, one] of rules.entries()) {
    const rule = c.object(['sessions', i], one, RULE_KEYS);
    if (!rule) continue;
    const from = c.date(['sessions', i, 'from'], rule['from']);
    c.hours(['sessions', i, 'hours'], rule['hours']);
    if (rule['days'] !== undefined)
      for (const [j, day] of c.list(['sessions', i, 'days'], rule['days']).entries())
        if (!(WEEKDAYS as readonly unknown[]).includes(day))
          c.say(['sessions', i, 'days', j], `must be one of ${WEEKDAYS.join(', ')}, not ${shown(day)}`);
    if (from === undefined) continue;
    if (i === 0 && from > valid.from)
      c.say(['sessions', i, 'from'], `must be ${dateOf(valid.from)} (validFrom) or before`);
    if (from <= last) c.say(['sessions', i, 'from'], 'must come after the rule before it');
    last = Math.max(last, from);
  }
}

function checkHolidays(c: Checker, value: unknown, valid: Validity): void {
  let end = -Infinity;
  for (const [i, one] of c.list(['holidays'], value).entries()) {
    const holiday = c.object(['holidays', i], one, HOLIDAY_KEYS);
    if (!holiday) continue;
    c.text(['holidays', i, 'name'], holiday['name']);
    const from = c.date(['holidays', i, 'from'], holiday['from']);
    const to = holiday['to'] === undefined ? from : c.date(['holidays', i, 'to'], holiday['to']);
    if (from === undefined || to === undefined) continue;
    if (to < from) c.say(['holidays', i, 'to'], `must not be before ${dateOf(from)}`);
    if (from <= end) c.say(['holidays', i, 'from'], 'must come after the holiday before it');
    if (from < valid.from || to > valid.to) c.say(['holidays', i], 'must lie between validFrom and validTo');
    end = Math.max(end, to);
  }
}

function checkSpecial(c: Checker, value: unknown, valid: Validity): void {
  if (value === undefined) return;
  let last = -Infinity;
  for (const [i, one] of c.list(['special'], value).entries()) {
    const special = c.object(['special', i], one, SPECIAL_KEYS);
    if (!special) continue;
    c.text(['special', i, 'name'], special['name']);
    c.hours(['special', i, 'hours'], special['hours']);
    const day = c.date(['special', i, 'date'], special['date']);
    if (day === undefined) continue;
    if (day <= last) c.say(['special', i, 'date'], 'must come after the special day before it');
    if (day < valid.from || day > valid.to)
      c.say(['special', i, 'date'], 'must lie between validFrom and validTo');
    last = Math.max(last, day);
  }
}

function checkZone(c: Checker, zone: unknown): void {
  if (typeof zone !== 'string')
    return c.say(['zone'], `must be a zone like Asia/Shanghai, not ${shown(zone)}`);
  try {
    new LocalTime(zone);
  } catch {
    c.say(['zone'], `must be an IANA zone like Asia/Shanghai; nobody knows ${shown(zone)}`);
  }
}

/** All that is wrong with a calendar as it came; it is `CalendarFacts` exactly when nothing is. */
export function mistakesIn(value: unknown): readonly FactsMistake[] {
  const c = new Checker();
  const facts = c.object([], value, KEYS);
  if (!facts) return c.mistakes;
  if (typeof facts['id'] !== 'string' || !ID.test(facts['id']))
    c.say(['id'], `must be a short name in lower case like sse, not ${shown(facts['id'])}`);
  c.text(['title'], facts['title']);
  checkZone(c, facts['zone']);
  const from = c.date(['validFrom'], facts['validFrom']);
  const to = c.date(['validTo'], facts['validTo']);
  if (from !== undefined && to !== undefined && to < from) c.say(['validTo'], 'must not be before validFrom');
  const valid = { from: from ?? -Infinity, to: to ?? Infinity };
  checkRules(c, facts['sessions'], { ...valid, from: from ?? Infinity });
  checkHolidays(c, facts['holidays'], valid);
  checkSpecial(c, facts['special'], valid);
  const sources = c.list(['sources'], facts['sources']);
  if (Array.isArray(facts['sources']) && sources.length === 0)
    c.say(['sources'], 'must say where the facts are from');
  for (const [i, one] of sources.entries())
    if (typeof one !== 'string') c.say(['sources', i], `must be a text, not ${shown(one)}`);
  return c.mistakes;
}

export const isFacts = (value: unknown): value is CalendarFacts => mistakesIn(value).length === 0;
