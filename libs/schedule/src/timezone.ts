import type { Issue } from '@kairos/domain';
import { shown } from './refuse.ts';

/** Short names of the IANA database that are zones of their own; what else is short is an ambiguous abbreviation. */
const SHORT_ZONES = [
  'UTC',
  'GMT',
  'UCT',
  'EST',
  'MST',
  'HST',
  'CET',
  'MET',
  'EET',
  'WET',
  'PRC',
  'ROC',
  'ROK',
];

/** What people write for a zone, and the zone they mean; left out where one cannot know. */
const MEANT: Readonly<Record<string, string>> = {
  'ASIA/BEIJING': 'Asia/Shanghai',
  'UTC+8': 'Asia/Shanghai',
  'GMT+8': 'Asia/Shanghai',
  '+08:00': 'Asia/Shanghai',
  'UTC+08:00': 'Asia/Shanghai',
  'GMT+08:00': 'Asia/Shanghai',
  JST: 'Asia/Tokyo',
  PST: 'America/Los_Angeles',
  PT: 'America/Los_Angeles',
  ET: 'America/New_York',
  EDT: 'America/New_York',
  BEIJING: 'Asia/Shanghai',
  SHANGHAI: 'Asia/Shanghai',
  Z: 'UTC',
  '+00:00': 'UTC',
};

function platformName(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

const isAbbreviation = (name: string): boolean => /^[A-Za-z]{3}$/.test(name) && !SHORT_ZONES.includes(name);

/** Asking the platform is slow, and zones are few. */
const found = new Set<string>();

/** Letters in common, in order, over the longer length: enough to find a slip of the pen. */
function likeness(a: string, b: string): number {
  let [i, same] = [0, 0];
  for (const letter of b) {
    const place = a.indexOf(letter, i);
    if (place < 0 || place > i + 1) continue;
    i = place + 1;
    same += 1;
  }
  return same / Math.max(a.length, b.length);
}

function nearestZone(name: string): string | undefined {
  const wanted = name.toLowerCase();
  let best: { readonly zone: string; readonly score: number } | undefined;
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const lower = zone.toLowerCase();
    const city = lower.slice(lower.lastIndexOf('/') + 1);
    const score = Math.max(likeness(wanted, lower), likeness(wanted, city), likeness(lower, wanted));
    if (score > (best?.score ?? 0.7)) best = { zone, score };
  }
  return best?.zone;
}

/**
 * Whether the text is the name of an IANA time zone, spelt as the database spells it (`Asia/Shanghai`, `UTC`). Offsets
 * (`+08:00`) and abbreviations (`CST` is Chicago to some and Shanghai to others) are not.
 */
export function isTimezone(name: string): boolean {
  if (found.has(name)) return true;
  if (!/^[A-Z]/.test(name) || isAbbreviation(name)) return false;
  const known = platformName(name);
  if (known === undefined || (known !== name && known.toLowerCase() === name.toLowerCase())) return false;
  found.add(name);
  return true;
}

/** What is wrong with a zone's name, with the zone that was probably meant; undefined when nothing is. */
export function timezoneIssue(name: string): Issue | undefined {
  if (isTimezone(name)) return undefined;
  const written = platformName(name);
  const respelt = written?.toLowerCase() === name.toLowerCase() ? written : undefined;
  const mend =
    respelt ??
    MEANT[name.toUpperCase()] ??
    nearestZone(name.slice(0, 40)) ??
    'Asia/Shanghai, America/New_York, UTC';
  return { path: 'timezone', code: 'timezone_unknown', params: { got: shown(name), mend } };
}
