/** A time as written in a file: its instant, and whether the text names a zone; undefined: it is none. */
export interface WrittenTime {
  readonly ms: number;
  readonly zoned: boolean;
}

const TEXT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const EARLIEST = Date.UTC(1900, 0, 1);
const LATEST = Date.UTC(9999, 11, 31);
/** Smaller numbers are taken for seconds: as milliseconds they would lie before March 1973. */
const SMALLEST_NUMBER = 1e11;

function textMs(day: string, clock: string, zone: string): number | undefined {
  // The day alone shows whether it exists: an offset may carry the instant into another one.
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (!Number.isFinite(midnight) || !new Date(midnight).toISOString().startsWith(day)) return undefined;
  const ms = Date.parse(`${day}T${clock}${zone}`);
  return Number.isFinite(ms) && !clock.startsWith('24') ? ms : undefined;
}

/** Reads ISO-8601 text, UTC where it names no zone, or a number of epoch milliseconds. */
export function writtenTime(value: unknown): WrittenTime | undefined {
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= SMALLEST_NUMBER && value <= LATEST
      ? { ms: value, zoned: true }
      : undefined;
  const match = typeof value === 'string' ? TEXT.exec(value) : null;
  if (!match) return undefined;
  const [, day = '', hours = '00:00', seconds = ':00', zone] = match;
  const ms = textMs(day, hours + seconds, zone ?? 'Z');
  // A bare date means the UTC day in ISO-8601: nothing to warn of.
  return ms !== undefined && ms >= EARLIEST && ms <= LATEST
    ? { ms, zoned: zone !== undefined || match[2] === undefined }
    : undefined;
}
