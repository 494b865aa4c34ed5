/**
 * What AWS's documents say of a cron, taken literally: look at the zone's clock every minute, and ask each field whether
 * it fits. Slow, and independent of the evaluator: it shares no line with it, and knows no shortcuts.
 */

interface ClockFace {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  /** 1: Sunday. */
  readonly weekday: number;
  readonly year: number;
  /** Days of the month. */
  readonly length: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** No zone has moved its clock by more than a day. */
const LOOK_BACK = 26 * HOUR;
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const plain = (min: number, max: number, names: readonly string[] = []): Field => ({ min, max, names });
const WEEK = plain(1, 7, DAYS);

function toNumber(word: string, { min, names }: Field): number {
  const index = names.indexOf(word.toUpperCase());
  return index >= 0 ? index + min : Number(word);
}

/** Walks the entry from its first value on, as a person would count it off on a calendar. */
function entryFits(entry: string, value: number, field: Field): boolean {
  const [range = '', step = '1'] = entry.split('/');
  const ends = range === '*' ? [field.min, field.max] : range.split('-').map((word) => toNumber(word, field));
  const [from = NaN, to = entry.includes('/') ? field.max : from] = ends;
  let at = from;
  for (let n = 0; n <= field.max - field.min; n += 1) {
    if (at === value && n % Number(step) === 0) return true;
    if (at === to) return false;
    at = at === field.max ? field.min : at + 1;
  }
  return false;
}

const fits = (text: string, value: number, field: Field): boolean =>
  text.split(',').some((entry) => entryFits(entry, value, field));

const weekdayOn = (face: ClockFace, day: number): number =>
  ((((face.weekday - 1 + day - face.day) % 7) + 7) % 7) + 1;
const isWorkday = (face: ClockFace, day: number): boolean => ![1, 7].includes(weekdayOn(face, day));

/** All Monday-to-Friday days of the month. */
const workdays = (face: ClockFace): number[] =>
  Array.from({ length: face.length }, (_, i) => i + 1).filter((day) => isWorkday(face, day));

function dayFits(entry: string, face: ClockFace): boolean {
  const word = entry.toUpperCase();
  if (word === 'L') return face.day === face.length;
  if (word === 'LW') return face.day === workdays(face).at(-1);
  if (word.startsWith('L-')) return face.day === face.length - Number(word.slice(2));
  if (word.endsWith('W')) {
    const near = Number(word.slice(0, -1));
    const distance = (day: number): number => Math.abs(day - near);
    return near <= face.length && face.day === workdays(face).sort((a, b) => distance(a) - distance(b))[0];
  }
  return entryFits(entry, face.day, plain(1, 31));
}

function weekdayFits(entry: string, face: ClockFace): boolean {
  const word = entry.toUpperCase();
  if (word === 'L') return face.weekday === 7;
  if (word.endsWith('L'))
    return face.weekday === toNumber(word.slice(0, -1), WEEK) && face.day + 7 > face.length;
  if (word.includes('#')) {
    const [day = '', n = ''] = word.split('#');
    return face.weekday === toNumber(day, WEEK) && Math.ceil(face.day / 7) === Number(n);
  }
  return entryFits(entry, face.weekday, WEEK);
}

/** Whether a minute of the clock fits the six fields. */
export function minuteFits(fields: string, face: ClockFace): boolean {
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', years = ''] = fields.split(' ');
  return (
    fits(minutes, face.minute, plain(0, 59)) &&
    fits(hours, face.hour, plain(0, 23)) &&
    fits(months, face.month, plain(1, 12, MONTHS)) &&
    fits(years, face.year, plain(1970, 2199)) &&
    (days === '?' || days.split(',').some((entry) => dayFits(entry, face))) &&
    (weekdays === '?' || weekdays.split(',').some((entry) => weekdayFits(entry, face)))
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clock shows, as text, e.g. `11/22/2026, 18:00:00`. */
function shownIn(zone: string, instant: number): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format.format(instant);
}

function readFace(text: string): ClockFace {
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = (text.match(/\d+/g) ?? []).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return { minute, hour, day, month, year, weekday: date.getUTCDay() + 1, length };
}

/**
 * The instants of a cron's six fields in `(after, upTo]`: what the clock never shows has none, what it shows twice has the
 * first. Offsets must be whole minutes in that span.
 */
export function oracleInstants(
  fields: string,
  zone: string,
  [after, upTo]: readonly [number, number],
): number[] {
  const seen = new Set<string>();
  const out: number[] = [];
  for (let at = Math.floor((after - LOOK_BACK) / MINUTE) * MINUTE; at <= upTo; at += MINUTE) {
    const text = shownIn(zone, at);
    if (seen.has(text)) continue;
    seen.add(text);
    if (at > after && minuteFits(fields, readFace(text))) out.push(at);
  }
  return out;
}

/** The first `n` instants in UTC after one, looking for so many days; minutes are tried on days that fit. */
export function oracleUtc(fields: string, after: number, { n, days }: { n: number; days: number }): number[] {
  const out: number[] = [];
  const [, , ...dayFields] = fields.split(' ');
  const first = Math.floor(after / DAY) * DAY;
  for (let d = 0; d <= days && out.length < n; d += 1) {
    const date = new Date(first + d * DAY);
    const [month, day, year] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCFullYear()];
    const face = readFace(`${month}/${day}/${year}, 0:0:0`);
    if (!minuteFits(`* * ${dayFields.join(' ')}`, face)) continue;
    for (let m = 0; m < 1440 && out.length < n; m += 1) {
      const at = first + d * DAY + m * MINUTE;
      const fit = minuteFits(fields, { ...face, hour: Math.floor(m / 60), minute: m % 60 });
      if (fit && at > after) out.push(at);
    }
  }
  return out;
}
