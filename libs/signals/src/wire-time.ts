import type { MessageCode } from './messages.ts';

/** A time read from the wire, or the rule it breaks. `zoned` is false where the text names no zone (read as UTC). */
export type WireTime = { readonly ms: number; readonly zoned: boolean } | { readonly problem: MessageCode };

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const EARLIEST = Date.UTC(1900, 0, 1);
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** Smaller numbers are taken for seconds: as milliseconds they would lie before March 1973. */
const SMALLEST_NUMBER = 1e11;

const inRange = (ms: number, zoned: boolean): WireTime =>
  ms >= EARLIEST && ms <= LATEST ? { ms, zoned } : { problem: 'time_out_of_range' };

/** Minutes east of UTC; undefined where the text is no offset. */
function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

function readText(text: string): WireTime {
  const match = ISO.exec(text);
  if (!match) return { problem: 'time_invalid' };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((p) => Number(p ?? 0));
  const milli = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const local = Date.UTC(year, month - 1, day, hour, minute, second, milli);
  const back = new Date(local);
  const exists =
    back.getUTCFullYear() === year && back.getUTCMonth() === month - 1 && back.getUTCDate() === day;
  const zone = match[8];
  const offset = zone === undefined ? 0 : offsetMinutes(zone);
  if (!exists || hour > 23 || minute > 59 || second > 59 || offset === undefined) {
    return { problem: 'time_invalid' };
  }
  // A bare date means the UTC day in ISO-8601 as JavaScript reads it: nothing to warn of.
  return inRange(local - offset * 60_000, zone !== undefined || match[4] === undefined);
}

/** Reads ISO-8601 text or a number of epoch milliseconds. */
export function readTime(value: unknown): WireTime {
  if (typeof value === 'string') return readText(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return { problem: 'time_invalid' };
  return value < SMALLEST_NUMBER ? { problem: 'time_seconds' } : inRange(value, true);
}

/** Epoch milliseconds as ISO-8601 UTC, without milliseconds where they are zero; null for null or an impossible time. */
export function iso(ms: number | null | undefined): string | null {
  if (ms === null || ms === undefined || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return null;
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
