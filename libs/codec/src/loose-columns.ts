import type { FlagColumn, LevelsColumn, TextColumn, DecimalColumn } from '@kairos/domain';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { NONE, PREVIOUS } from './forecast.ts';
import { corrupt } from './frame.ts';
import { differences, readIntegers, sums, writeIntegers } from './integer-list.ts';
import type { Effort } from './naturals.ts';
import { MAX_SCALE, numbersOf, readNumbers, writeNumbers, type Numbers } from './numbers.ts';
import { costOf } from './residuals.ts';
import { columnOf, Resolver } from './resolve.ts';
import { KIND, KIND_MASK } from './section.ts';
import { readTexts, writeTexts } from './texts.ts';

const ALONE = { candidates: [NONE, PREVIOUS], lanes: [] };

/** A column of texts: the used ones in order of first use, then for each row its place among them, 0 for null. */
export function writeTextColumn(out: ByteWriter, column: TextColumn, n: number, effort: Effort): void {
  if (column.indexes.length < n) throw new RangeError(`a column has ${column.indexes.length} of ${n} rows`);
  const places = new Map<string, number>();
  const indexes = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const text = column.dictionary[column.indexes[i] ?? -1];
    if (text === undefined) continue;
    const place = places.get(text) ?? places.size + 1;
    places.set(text, place);
    indexes[i] = place;
  }
  out.byte(KIND.text);
  out.varint(places.size);
  writeTexts(out, [...places.keys()], effort);
  writeIntegers(out, indexes, effort);
}

export function readTextColumn(input: ByteReader, n: number): TextColumn {
  const size = input.varint(n);
  const dictionary = readTexts(input, size);
  const places = readIntegers(input, n);
  const indexes = new Int32Array(n);
  for (let i = 0; i < n; i += 1) {
    const place = places[i] ?? 0;
    if (!(place >= 0 && place <= size)) throw corrupt('a text is not in its dictionary');
    indexes[i] = place - 1;
  }
  return { kind: 'text', dictionary, indexes };
}

const NULL_FLAG = 2;

export function writeFlagColumn(out: ByteWriter, column: FlagColumn, n: number, effort: Effort): void {
  if (column.bits.length < n) throw new RangeError(`a column has ${column.bits.length} of ${n} rows`);
  out.byte(KIND.flag);
  const bits = Float64Array.from(column.bits.subarray(0, n), (bit) => (bit <= NULL_FLAG ? bit : 0));
  writeIntegers(out, bits, effort);
}

export function readFlagColumn(input: ByteReader, n: number): FlagColumn {
  const bits = readIntegers(input, n);
  if (bits.some((bit) => !(bit >= 0 && bit <= NULL_FLAG)))
    throw corrupt('a flag is neither true, false nor null');
  return { kind: 'flag', bits: Uint8Array.from(bits) };
}

/** No batch has more levels than this; hostile bytes may claim them. */
const MAX_LEVELS = 2 ** 24;

/** The part of a level column that belongs to the batch. */
function levelRange(from: DecimalColumn, start: number, end: number): DecimalColumn {
  const exceptions = new Map([...(from.exceptions ?? [])].map(([row, text]) => [row - start, text]));
  return {
    ...from,
    ints: from.ints.subarray(start, end),
    nulls: from.nulls?.subarray(start, end),
    exceptions,
  };
}

/** Best prices of the rows, and the steps from level to level inside them: one moves, the other is small. */
interface Ladder {
  readonly heads: Float64Array;
  readonly steps: Float64Array;
}

function ladderOf({ ints, rows }: Numbers, lengths: Float64Array): Ladder | undefined {
  if (ints instanceof BigInt64Array || rows) return undefined;
  const heads = new Float64Array(lengths.filter((length) => length > 0).length);
  const steps = new Float64Array(ints.length - heads.length);
  let row = 0;
  let at = 0;
  for (const length of lengths) {
    if (length > 0) heads[row++] = ints[at] ?? 0;
    for (let k = 1; k < length; k += 1) steps[at + k - row] = (ints[at + k] ?? 0) - (ints[at + k - 1] ?? 0);
    at += length;
  }
  return costOf(steps) < Infinity && costOf(heads) < Infinity ? { heads, steps } : undefined;
}

function fromLadder({ heads, steps }: Ladder, lengths: Float64Array): Float64Array {
  const ints = new Float64Array(heads.length + steps.length);
  let row = 0;
  let at = 0;
  for (const length of lengths) {
    if (length > 0) ints[at] = heads[row++] ?? 0;
    for (let k = 1; k < length; k += 1) ints[at + k] = (ints[at + k - 1] ?? 0) + (steps[at + k - row] ?? 0);
    at += length;
  }
  return ints;
}

const LADDER = 1;

function writePrices(out: ByteWriter, prices: Numbers, lengths: Float64Array, effort: Effort): void {
  const ladder = ladderOf(prices, lengths);
  out.byte(ladder ? LADDER : 0);
  if (!ladder) return writeNumbers(out, prices, ALONE, effort);
  out.varint(prices.scale);
  writeIntegers(out, ladder.heads, effort);
  writeIntegers(out, ladder.steps, effort);
}

function lengthsOf({ offsets }: LevelsColumn, n: number): Float64Array {
  if (offsets.length < n + 1 && n > 0)
    throw new RangeError(`a column has ${offsets.length - 1} of ${n} rows`);
  const lengths = n > 0 ? differences(Float64Array.from(offsets.subarray(0, n + 1))) : new Float64Array();
  if (lengths.some((length) => length < 0)) throw new RangeError('offsets of levels go backwards');
  return lengths;
}

/** A column of order-book sides: how many levels each row has, then their prices and sizes. */
export function writeLevelsColumn(out: ByteWriter, column: LevelsColumn, n: number, effort: Effort): void {
  const lengths = lengthsOf(column, n);
  const [start, end] = [column.offsets[0] ?? 0, column.offsets[n] ?? 0];
  const count = n > 0 ? end - start : 0;
  if (count > MAX_LEVELS) throw new RangeError(`${count} levels in one batch; at most ${MAX_LEVELS} fit`);
  const repeats = effort === 'plain' ? effort : 'repeats';
  out.byte(KIND.levels);
  writeIntegers(out, lengths, effort);
  writePrices(out, numbersOf(levelRange(column.prices, start, start + count), count), lengths, effort);
  writeNumbers(out, numbersOf(levelRange(column.sizes, start, start + count), count), ALONE, repeats);
}

function readDecimals(input: ByteReader, n: number): DecimalColumn {
  const head = input.byte();
  if ((head & KIND_MASK) !== KIND.decimal) throw corrupt('levels are not decimals');
  const stored = readNumbers(input, head, n);
  const column = columnOf(stored, new Resolver([stored], new Float64Array(0)).ints(0));
  if (column.kind !== 'decimal') throw corrupt('levels are not decimals');
  return column;
}

function readPrices(input: ByteReader, lengths: Float64Array, count: number): DecimalColumn {
  if (input.byte() !== LADDER) return readDecimals(input, count);
  const scale = input.varint(MAX_SCALE);
  const rows = lengths.filter((length) => length > 0).length;
  const heads = readIntegers(input, rows);
  const steps = readIntegers(input, count - rows);
  return { kind: 'decimal', scale, ints: fromLadder({ heads, steps }, lengths) };
}

export function readLevelsColumn(input: ByteReader, n: number): LevelsColumn {
  const lengths = readIntegers(input, n);
  if (lengths.some((length) => !(length >= 0))) throw corrupt('a row has less than no levels');
  const ends = sums(0, lengths);
  const count = ends[n] ?? 0;
  if (count > MAX_LEVELS) throw corrupt('more levels than there can be');
  const prices = readPrices(input, lengths, count);
  const sizes = readDecimals(input, count);
  return { kind: 'levels', offsets: Uint32Array.from(ends), prices, sizes };
}
