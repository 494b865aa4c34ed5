import type { Column, RecordBatch } from '@kairos/domain';
import { ByteReader, ByteWriter } from './bytes.ts';
import { corrupt, guarded, newer, seal, unseal, type FrameFormat } from './frame.ts';
import { differences, readIntegers, sums, writeIntegers } from './integer-list.ts';
import {
  readFlagColumn,
  readLevelsColumn,
  readTextColumn,
  writeFlagColumn,
  writeLevelsColumn,
  writeTextColumn,
} from './loose-columns.ts';
import type { Effort } from './naturals.ts';
import { numbersOf, readNumbers, writeNumbers, type StoredNumbers } from './numbers.ts';
import { planColumns, type Plan } from './outlook.ts';
import { columnOf, Resolver } from './resolve.ts';
import { KIND, KIND_MASK } from './section.ts';
import { readTexts, writeTexts } from './texts.ts';
import { readTies, writeTies } from './ties.ts';

export const BATCH_FORMAT: FrameFormat = { what: 'chunk', magic: [0x4b, 0x43], version: 1 };

const MAX_ROWS = 2 ** 22;
const MAX_COLUMNS = 250;
/** Rows × columns; keeps hostile bytes from claiming more memory than any real chunk needs. */
const MAX_CELLS = 2 ** 25;
/** Milliseconds on either side of 1970: over thirty thousand years, and differences of differences stay exact. */
const MAX_TIME = 2 ** 50;

const FLAG = { compressed: 1, ties: 2 } as const;

function checkShape({ n, ts, columns, ties }: RecordBatch): void {
  if (!Number.isInteger(n) || n < 0 || n > ts.length)
    throw new RangeError(`a batch of ${n} rows has ${ts.length} times`);
  if (n > MAX_ROWS || columns.length > MAX_COLUMNS || n * columns.length > MAX_CELLS) {
    throw new RangeError(`a batch of ${n} rows and ${columns.length} columns is too large for one chunk`);
  }
  if (ties && ties.length > n) throw new RangeError(`a batch of ${n} rows has ${ties.length} ties`);
  for (let i = 0; i < n; i += 1) {
    const time = ts[i] ?? NaN;
    if (!Number.isInteger(time) || Math.abs(time) > MAX_TIME)
      throw new RangeError(`row ${i} has no time: ${time}`);
  }
}

/** Type, version, count, first and last key, then the columns' own sections and the times between. */
function writeHeader(out: ByteWriter, batch: RecordBatch, effort: Effort): void {
  const { type, version, n, ts, ties, columns } = batch;
  if (!Number.isInteger(version) || version < 0)
    throw new RangeError(`no version of a data type: ${version}`);
  out.byte((effort === 'plain' ? 0 : FLAG.compressed) | (ties ? FLAG.ties : 0));
  writeTexts(out, [type], 'plain');
  out.varint(version);
  out.varint(n);
  out.byte(columns.length);
  if (n === 0) return;
  out.signed(ts[0] ?? 0);
  out.signed((ts[n - 1] ?? 0) - (ts[0] ?? 0));
  if (ties) writeTexts(out, [ties[0] ?? '', ties[n - 1] ?? ''], 'plain');
}

function writeColumn(out: ByteWriter, column: Column, place: number, plan: Plan, effort: Effort): void {
  const numbers = plan.numbers[place];
  const n = plan.lanes[0]?.ints.length ?? 0;
  switch (column.kind) {
    case 'decimal':
    case 'int':
      if (!numbers) return;
      return writeNumbers(
        out,
        numbers,
        { candidates: plan.candidates[place] ?? [], lanes: plan.lanes },
        effort,
      );
    case 'text':
      return writeTextColumn(out, column, n, effort);
    case 'flag':
      return writeFlagColumn(out, column, n, effort);
    case 'levels':
      return writeLevelsColumn(out, column, n, effort);
  }
}

/**
 * Lossless bytes of a sorted batch. `level` 0 skips compression (for small, short-lived parts). The bytes describe
 * themselves: reading them needs no table of types. @throws RangeError when the batch contradicts itself (a column
 * shorter than `n`, a number that is no integer) or has more rows than a chunk may (4 million).
 */
export function encodeBatch(batch: RecordBatch, options: { readonly level?: 0 | 1 } = {}): Uint8Array {
  checkShape(batch);
  const effort = options.level === 0 ? 'plain' : 'packed';
  const { n, columns, ties } = batch;
  const ts = batch.ts.subarray(0, n);
  const out = new ByteWriter(256 + n * columns.length * 2);
  writeHeader(out, batch, effort);
  if (n > 0) writeIntegers(out, differences(ts), effort);
  if (ties) writeTies(out, ties, effort);
  const numbers = columns.map((c) =>
    c.kind === 'decimal' || c.kind === 'int' ? numbersOf(c, n) : undefined,
  );
  const plan = planColumns(batch.type, numbers, ts);
  const section = new ByteWriter(64 + n * 2);
  for (const [place, column] of columns.entries()) {
    section.truncate(0);
    writeColumn(section, column, place, plan, effort);
    out.section(section);
  }
  return seal(BATCH_FORMAT, out.view());
}

interface Header {
  readonly type: string;
  readonly version: number;
  readonly n: number;
  readonly columns: number;
  readonly first: number;
  readonly last: number;
  readonly tied: boolean;
}

function readHeader(input: ByteReader): Header {
  const flags = input.byte();
  const [type = ''] = readTexts(input, 1);
  const version = input.varint();
  const n = input.varint(MAX_ROWS);
  const columns = input.byte();
  if (n * columns > MAX_CELLS) throw corrupt('more cells than a chunk can have');
  const first = n > 0 ? input.signed() : 0;
  const last = n > 0 ? first + input.signed() : 0;
  const tied = (flags & FLAG.ties) !== 0;
  if (tied && n > 0) readTexts(input, 2);
  return { type, version, n, columns, first, last, tied };
}

/** A column's section: finished, or numbers that wait for the columns they were foretold from. */
function readColumn(input: ByteReader, n: number): Column | StoredNumbers {
  const head = input.byte();
  const kind = head & KIND_MASK;
  switch (kind) {
    case KIND.decimal:
    case KIND.int:
      return readNumbers(input, head, n);
    case KIND.text:
      return readTextColumn(input, n);
    case KIND.flag:
      return readFlagColumn(input, n);
    case KIND.levels:
      return readLevelsColumn(input, n);
    default:
      throw newer("a column's kind", kind, KIND.levels);
  }
}

function readSection(input: ByteReader, n: number): Column | StoredNumbers {
  const section = input.section();
  const column = readColumn(section, n);
  section.end();
  return column;
}

const isStored = (column: Column | StoredNumbers): column is StoredNumbers => typeof column.kind === 'number';

function readBatch(input: ByteReader): RecordBatch {
  const { type, version, n, columns: count, first, last, tied } = readHeader(input);
  const ts = n > 0 ? sums(first, readIntegers(input, n - 1)) : new Float64Array(0);
  if (n > 0 && ts[n - 1] !== last) throw corrupt('the last key differs');
  const ties = tied ? readTies(input, n) : undefined;
  const read = Array.from({ length: count }, () => readSection(input, n));
  const resolver = new Resolver(
    read.map((column) => (isStored(column) ? column : undefined)),
    ts,
  );
  const columns = read.map((column, place) =>
    isStored(column) ? columnOf(column, resolver.ints(place)) : column,
  );
  // Sections beyond the columns are attributes of a later release: left unread.
  return { type, version, n, ts, ties, columns };
}

/**
 * The batch again, value for value; columns and attributes of types this release does not know come back too. Scales
 * may differ from those encoded. @throws StoreError `STORE_CORRUPT` or `STORE_NEWER`, never another error.
 */
export function decodeBatch(bytes: Uint8Array): RecordBatch {
  return guarded(() => readBatch(new ByteReader(unseal(BATCH_FORMAT, bytes))));
}
