import type { DecimalColumn, IntColumn } from '@kairos/domain';
import {
  absenceOf,
  presentRows,
  readBitmap,
  readExceptions,
  writeBitmap,
  writeExceptions,
  type Absence,
} from './absence.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import {
  FORECAST,
  foretell,
  hasLead,
  NONE,
  refCount,
  type Forecast,
  type ForecastKind,
  type Lane,
} from './forecast.ts';
import { corrupt } from './frame.ts';
import { differences } from './integer-list.ts';
import type { Effort } from './naturals.ts';
import { costOf, readResiduals, writeResiduals } from './residuals.ts';
import { KIND, KIND_MASK } from './section.ts';
import { readWide, writeWide } from './wide.ts';

/** A decimal or integer column as the codec sees it. Absent rows hold 0. */
export interface Numbers {
  readonly kind: typeof KIND.decimal | typeof KIND.int;
  readonly scale: number;
  readonly ints: Float64Array | BigInt64Array;
  readonly absence: Absence;
  /** The rows that are not absent; `undefined` for all. */
  readonly rows: Int32Array | undefined;
}

const FLAG = { nulls: 8, allNull: 16, exceptions: 32, wide: 64, big: 128 } as const;
/** Finer than any decimal the domain reads. */
export const MAX_SCALE = 400;
const MAX_INT = 2 ** 53;

function withoutAbsent(ints: Float64Array | BigInt64Array, n: number, rows: Int32Array): typeof ints {
  if (ints instanceof BigInt64Array) {
    const out = new BigInt64Array(n);
    for (const row of rows) out[row] = ints[row] ?? 0n;
    return out;
  }
  const out = new Float64Array(n);
  for (const row of rows) out[row] = ints[row] ?? 0;
  return out;
}

function checkInts(ints: Float64Array | BigInt64Array): void {
  if (ints instanceof BigInt64Array) return;
  for (let i = 0; i < ints.length; i += 1) {
    const value = ints[i] ?? 0;
    if ((value | 0) === value) continue;
    if (Math.floor(value) !== value || value > MAX_INT || value < -MAX_INT) {
      throw new RangeError(`row ${i} holds ${value}, which is no integer of at most 2^53`);
    }
  }
}

/** @throws RangeError when the column is shorter than the batch or holds what is no integer. */
export function numbersOf(column: DecimalColumn | IntColumn, n: number): Numbers {
  const decimal = column.kind === 'decimal';
  if (column.ints.length < n) throw new RangeError(`a column has ${column.ints.length} of ${n} rows`);
  const scale = decimal ? column.scale : 0;
  if (!Number.isInteger(scale) || scale < 0 || scale > MAX_SCALE) throw new RangeError(`no scale: ${scale}`);
  const absence = absenceOf(n, column.nulls, decimal ? column.exceptions : undefined);
  const rows = presentRows(n, absence);
  const ints = rows ? withoutAbsent(column.ints, n, rows) : column.ints.subarray(0, n);
  checkInts(ints);
  return { kind: decimal ? KIND.decimal : KIND.int, scale, ints, absence, rows };
}

const gather = (values: Float64Array, rows: Int32Array | undefined): Float64Array =>
  rows ? Float64Array.from(rows, (row) => values[row] ?? 0) : values;

interface Differences {
  readonly forecast: Forecast;
  readonly lead: number;
  readonly rest: Float64Array;
}

function minus(values: Float64Array, foretold: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i] ?? 0) - (foretold[i] ?? 0);
  return out;
}

function chained(values: Float64Array, other: Float64Array): Float64Array {
  const out = new Float64Array(Math.max(0, values.length - 1));
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i + 1] ?? 0) - (other[i] ?? 0);
  return out;
}

/** The present values less a forecast; `undefined` when the forecast does not serve them. */
function differencesFrom(
  forecast: Forecast,
  numbers: Numbers,
  lanes: readonly Lane[],
): Differences | undefined {
  if (numbers.ints instanceof BigInt64Array) return undefined;
  const values = gather(numbers.ints, numbers.rows);
  const lead = hasLead(forecast) ? (values[0] ?? 0) : 0;
  if (forecast.kind === FORECAST.none) return { forecast, lead, rest: values };
  if (forecast.kind === FORECAST.previous) return { forecast, lead, rest: differences(values) };
  if (forecast.kind === FORECAST.chain) {
    return lanes[0] && { forecast, lead, rest: chained(values, lanes[0].ints) };
  }
  const foretold = foretell(forecast.kind, lanes, numbers.scale);
  return foretold && { forecast, lead, rest: minus(values, gather(foretold, numbers.rows)) };
}

/** What a column may be foretold from: the candidates, and the lanes they name (`undefined` where it is no lane). */
export interface Outlook {
  readonly candidates: readonly Forecast[];
  readonly lanes: readonly (Lane | undefined)[];
}

function cheapest(numbers: Numbers, { candidates, lanes }: Outlook): Differences | undefined {
  let best: Differences | undefined;
  let least = Infinity;
  for (const forecast of candidates) {
    const own = forecast.refs.map((ref) => lanes[ref]).filter((lane) => lane !== undefined);
    if (own.length < forecast.refs.length) continue;
    const found = differencesFrom(forecast, numbers, own);
    const cost = !found ? Infinity : candidates.length === 1 ? 0 : costOf(found.rest);
    if (cost < least) [best, least] = [found, cost];
  }
  return best;
}

function writeDifferences(out: ByteWriter, { forecast, lead, rest }: Differences, effort: Effort): void {
  out.byte(forecast.kind);
  for (const ref of forecast.refs) out.byte(ref);
  if (hasLead(forecast)) out.signed(lead);
  writeResiduals(out, rest, effort);
}

function presentBig({ ints, rows }: Numbers): BigInt64Array {
  const big = ints instanceof BigInt64Array ? ints : BigInt64Array.from(ints, BigInt);
  return rows ? BigInt64Array.from(rows, (row) => big[row] ?? 0n) : big;
}

/** The whole section of a decimal or integer column. */
export function writeNumbers(out: ByteWriter, numbers: Numbers, outlook: Outlook, effort: Effort): void {
  const { absence, ints, kind } = numbers;
  const n = ints.length;
  const big = ints instanceof BigInt64Array ? FLAG.big : 0;
  if (n > 0 && absence.nullCount === n) return out.byte(kind | FLAG.allNull | big);
  const found = cheapest(numbers, outlook);
  out.byte(
    kind |
      (absence.nulls ? FLAG.nulls : 0) |
      (absence.exceptions.length > 0 ? FLAG.exceptions : 0) |
      (found ? 0 : FLAG.wide) |
      big,
  );
  if (kind === KIND.decimal) out.varint(numbers.scale);
  if (absence.nulls) writeBitmap(out, absence.nulls, n, effort);
  if (absence.exceptions.length > 0) writeExceptions(out, absence.exceptions, effort);
  if (found) writeDifferences(out, found, effort);
  else writeWide(out, presentBig(numbers), effort);
}

/** A section as read: present values still less their forecast. */
export interface StoredNumbers {
  readonly kind: number;
  readonly n: number;
  readonly scale: number;
  readonly absence: Absence;
  readonly rows: Int32Array | undefined;
  readonly big: boolean;
  readonly forecast: Forecast;
  readonly lead: number;
  readonly rest: Float64Array | BigInt64Array;
}

function readForecast(input: ByteReader): Forecast {
  const kind = input.byte();
  const count = refCount(kind);
  if (count === undefined) throw corrupt(`unknown forecast ${kind}`);
  return { kind: kind as ForecastKind, refs: Array.from({ length: count }, () => input.byte()) };
}

/** The section after its first byte, `head`. */
export function readNumbers(input: ByteReader, head: number, n: number): StoredNumbers {
  const kind = head & KIND_MASK;
  const big = (head & FLAG.big) !== 0;
  const allNull = (head & FLAG.allNull) !== 0;
  const scale = kind === KIND.decimal && !allNull ? input.varint(MAX_SCALE) : 0;
  const nulls = allNull ? new Uint8Array(n).fill(1) : head & FLAG.nulls ? readBitmap(input, n) : undefined;
  const exceptions = !allNull && head & FLAG.exceptions ? readExceptions(input, n) : [];
  const absence = allNull ? { nulls, nullCount: n, exceptions } : { ...absenceOf(n, nulls), exceptions };
  if (exceptions.some(([row]) => nulls?.[row] === 1)) throw corrupt('an exception is null');
  const rows = presentRows(n, absence);
  const count = rows?.length ?? n;
  const stored = { kind, n, scale, absence, rows, big, lead: 0 };
  if (allNull) return { ...stored, forecast: NONE, rest: new Float64Array(0) };
  if (head & FLAG.wide) return { ...stored, forecast: NONE, rest: readWide(input, count) };
  const forecast = readForecast(input);
  const lead = hasLead(forecast) ? input.signed() : 0;
  const rest = readResiduals(input, Math.max(0, count - (hasLead(forecast) ? 1 : 0)));
  return { ...stored, forecast, lead, rest };
}
