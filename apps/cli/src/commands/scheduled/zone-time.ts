import type { Language } from '../../command.ts';

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    ...{
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    },
  });
  FORMATS.set(zone, made);
  return made;
}

/** What clocks in the zone show at an instant, written as if it were UTC. */
export function wallOf(at: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

const DAYS = {
  en: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
  zh: ['周日', '周一', '周二', '周三', '周四', '周五', '周六'],
} as const satisfies Readonly<Record<Language, readonly string[]>>;

/** `2026-11-22 18:00`, seconds where there are any. */
export function wallText(wall: number): string {
  const iso = new Date(wall).toISOString().replace('T', ' ');
  return iso.slice(0, wall % 60_000 === 0 ? 16 : 19);
}

export const dayText = (wall: number): string => new Date(wall).toISOString().slice(0, 10);
/** `18:00`, seconds where there are any. */
export const timeText = (wall: number): string => wallText(wall).slice(11);
export const weekdayText = (wall: number, language: Language): string =>
  DAYS[language][new Date(wall).getUTCDay()] ?? '';

/** `2026-11-22 18:00 Asia/Shanghai`. */
export const instantText = (at: number, zone: string): string => `${wallText(wallOf(at, zone))} ${zone}`;

/** One change of the clocks of a zone: until `at` they are `before` ahead of UTC, from it on `after`, in milliseconds. */
export interface ClockChange {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const DAY = 86_400_000;
const offsetAt = (at: number, zone: string): number => {
  const whole = Math.floor(at / 1_000) * 1_000;
  return wallOf(whole, zone) - whole;
};

function changeBetween(zone: string, from: number, to: number): ClockChange {
  const before = offsetAt(from, zone);
  let low = from;
  let high = to;
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return { at: high, before, after: offsetAt(high, zone) };
}

/** Longest look ahead for changes: what lies further is nobody's worry yet. */
const MOST_DAYS = 3_660;

/** Changes of a zone's clocks in `(from, to]`, in order. */
export function clockChanges(zone: string, from: number, to: number): readonly ClockChange[] {
  const changes: ClockChange[] = [];
  const begin = Math.floor(from / 1_000) * 1_000;
  const end = Math.min(to, begin + MOST_DAYS * DAY);
  for (let day = begin; day < end; day += DAY) {
    const next = Math.min(day + DAY, end);
    if (offsetAt(day, zone) !== offsetAt(next, zone)) changes.push(changeBetween(zone, day, next));
  }
  return changes;
}
