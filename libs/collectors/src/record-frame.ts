import {
  batchOfColumns,
  ceilTo,
  dataTypeIds,
  dataTypeOf,
  floorTo,
  gridOf,
  isTimeframe,
  ValidationError,
  type ColumnSpec,
  type DataType,
  type Grid,
  type Issue,
  type RecordBatch,
  type TimeRange,
} from '@kairos/domain';
import type { JobRecords } from '@kairos/ports';
import { faultOf, isTime, shown, tieFaultOf, timeFaultOf, valueOf, type CellFault } from './record-cells.ts';

/** A larger frame is to be cut by who sends it. */
const MAX_FRAME_ROWS = 50_000;
/** So many things wrong with one frame are named. */
const MAX_ISSUES = 20;
const MAX_NAME_CHARS = 64;
const TIME_COLUMN = 'timestamp_ms';
/** Of types whose records may share an instant: what tells those apart, such as the venue's trade id. */
const TIE_COLUMN = 'tie';

/** As in signals: what cannot be named there could be kept, but never asked for. */
const SOURCE = /^(?=.*[\p{L}\p{N}])[\p{L}\p{N}._-]+$/u;
const SYMBOL = /^(?=.*[\p{L}\p{N}])[\p{L}\p{N}/:._-]+$/u;

/** A frame of records that is well formed. */
export interface RecordFrame {
  readonly type: DataType;
  readonly grid: Grid;
  /** As sent: any order, perhaps doubled. */
  readonly batch: RecordBatch;
  /** Slots that hold all rows, and all of the range. */
  readonly span: TimeRange;
  /** Slots that the frame says everything about; undefined: it says nothing of absences. */
  readonly claimed: TimeRange | undefined;
}

/** What is wrong, in the order it is found; beyond `MAX_ISSUES` nothing is looked for. */
class Faults {
  readonly issues: Issue[] = [];
  readonly #texts: string[] = [];

  get isFull(): boolean {
    return this.issues.length >= MAX_ISSUES;
  }

  add(path: string, { code, text }: CellFault, params: Issue['params'] = {}): void {
    if (this.isFull) return;
    this.issues.push({ path, code, params });
    this.#texts.push(`${path}: ${text}`);
  }

  /** @throws ValidationError where anything is wrong */
  settle({ source, symbol }: JobRecords['series']): void {
    if (this.issues.length === 0) return;
    const what = `records of ${shown(source)} ${shown(symbol)}`;
    const more = this.isFull ? '; there may be more' : '';
    throw new ValidationError(this.issues, `${what} cannot be taken: ${this.#texts.join('; ')}${more}`);
  }
}

function checkName(faults: Faults, path: string, name: string, rule: { pattern: RegExp; may: string }): void {
  if (name === '') faults.add(path, { code: 'required', text: 'must not be empty' });
  else if (name.length > MAX_NAME_CHARS) {
    const text = `must not be longer than ${MAX_NAME_CHARS} characters`;
    faults.add(path, { code: 'too_long', text }, { max: MAX_NAME_CHARS });
  } else if (!rule.pattern.test(name) || name.normalize('NFC') !== name) {
    const text = `${shown(name)} may hold only letters, digits, and ${rule.may} (in Unicode NFC)`;
    faults.add(path, { code: 'name_invalid', text });
  }
}

function checkSeries(faults: Faults, { source, symbol, dataType, frequency }: JobRecords['series']): void {
  checkName(faults, 'series.source', source, { pattern: SOURCE, may: '. _ -' });
  checkName(faults, 'series.symbol', symbol, { pattern: SYMBOL, may: '/ : . _ -' });
  if (!dataTypeOf(dataType)) {
    const options = dataTypeIds().join(', ');
    const text = `${shown(dataType)} is no data type; there are ${options}`;
    faults.add('series.dataType', { code: 'unknown_data_type', text }, { options });
  }
  if (!isTimeframe(frequency)) {
    const text = `${shown(frequency)} is no timeframe; write 1m, 5m, 1h, 1d, 1w, 1M or their like`;
    faults.add('series.frequency', { code: 'timeframe_invalid', text });
  }
}

/** The columns that a type's frames may have behind the time. */
const specsOf = (type: DataType): ReadonlyMap<string, ColumnSpec> => {
  const tie: ColumnSpec = { name: TIE_COLUMN, kind: 'text', nullable: false, predictor: 'none' };
  return new Map([...(type.tied ? [tie] : []), ...type.columns].map((spec) => [spec.name, spec]));
};

function checkColumns(faults: Faults, type: DataType, { columns, rows }: JobRecords): void {
  const specs = specsOf(type);
  const seen = new Set<string>();
  if (columns[0] !== TIME_COLUMN)
    faults.add('columns', { code: 'time_first', text: `the first column must be ${TIME_COLUMN}` });
  for (const [i, name] of columns.entries()) {
    const path = `columns[${i}]`;
    if (seen.has(name)) faults.add(path, { code: 'repeated', text: `${shown(name)} stands there twice` });
    else if (name !== TIME_COLUMN && !specs.has(name)) {
      const options = [...specs.keys()].join(', ');
      const text = `${type.id} has no column ${shown(name)}; it has ${options}`;
      faults.add(path, { code: 'unknown_column', text }, { options });
    }
    seen.add(name);
  }
  // Who has no rows may not know what they would have looked like.
  const wanting =
    rows.length === 0 ? [] : [...specs.values()].filter((s) => !s.nullable && !seen.has(s.name));
  for (const { name } of wanting)
    faults.add('columns', { code: 'missing_column', text: `${name} is missing` }, { column: name });
}

function checkOnGrid(faults: Faults, path: string, ts: number, grid: Grid): void {
  const open = floorTo(grid, ts);
  if (open === ts) return;
  const text = `${ts} is not on the ${grid.timeframe} grid; the nearest opens are ${open} and ${ceilTo(grid, ts)}`;
  faults.add(path, { code: 'off_grid', text });
}

/** `grid`: where the bounds must lie on one. */
function checkRange(faults: Faults, { from, to }: TimeRange, grid: Grid | undefined): void {
  const wrong = { from: timeFaultOf(from), to: timeFaultOf(to) };
  if (wrong.from) faults.add('range.from', wrong.from);
  if (wrong.to) faults.add('range.to', wrong.to);
  if (wrong.from || wrong.to) return;
  if (from >= to)
    faults.add('range', { code: 'time_order', text: `it ends (${to}) before or where it begins (${from})` });
  if (!grid) return;
  checkOnGrid(faults, 'range.from', from, grid);
  checkOnGrid(faults, 'range.to', to, grid);
}

type CellCheck = (cell: unknown) => CellFault | undefined;

function checksOf(type: DataType, { columns, range }: JobRecords): readonly (CellCheck | undefined)[] {
  const specs = specsOf(type);
  const checkInside: CellCheck = (cell) => {
    const ts = Number(cell);
    if (!range || !isTime(range.from) || !isTime(range.to) || (ts >= range.from && ts < range.to))
      return undefined;
    const text = `${ts} lies outside the frame's range ${range.from} to ${range.to}`;
    return { code: 'out_of_range', text };
  };
  return columns.map((name) => {
    if (name === TIME_COLUMN) return (cell) => timeFaultOf(cell) ?? checkInside(cell);
    const spec = specs.get(name);
    if (type.tied && name === TIE_COLUMN) return tieFaultOf;
    return spec && ((cell) => faultOf(spec, cell));
  });
}

function checkRows(faults: Faults, type: DataType, records: JobRecords): void {
  const { columns, rows } = records;
  const checks = checksOf(type, records);
  for (const [i, row] of rows.entries()) {
    if (faults.isFull) return;
    if (row.length !== columns.length) {
      const text = `${row.length} cells for ${columns.length} columns`;
      faults.add(`rows[${i}]`, { code: 'row_width', text });
      continue;
    }
    for (let c = 0; c < row.length; c += 1) {
      const fault = checks[c]?.(row[c]);
      if (fault) faults.add(`rows[${i}][${c}]`, { ...fault, text: `${columns[c]} ${fault.text}` });
    }
  }
}

function checkCount(faults: Faults, { rows }: JobRecords): boolean {
  if (rows.length <= MAX_FRAME_ROWS) return true;
  const text = `${rows.length} rows; hand in at most ${MAX_FRAME_ROWS} at a time`;
  faults.add('rows', { code: 'too_many', text }, { max: MAX_FRAME_ROWS });
  return false;
}

function batchOf(type: DataType, { columns, rows }: JobRecords): RecordBatch {
  const places = new Map(columns.map((name, c) => [name, c]));
  const cells = (name: string): readonly (string | number | null)[] => {
    const c = places.get(name);
    return rows.map((row) => (c === undefined ? null : (row[c] ?? null)));
  };
  const values = type.columns.map(({ name, kind }) => cells(name).map((cell) => valueOf(kind, cell)));
  const ties = type.tied ? cells(TIE_COLUMN).map(String) : undefined;
  return batchOfColumns(type, Float64Array.from(cells(TIME_COLUMN), Number), values, ties);
}

/** Slots that hold all rows and the range; those wholly inside the range, where the frame is complete. */
function extentOf(
  grid: Grid,
  batch: RecordBatch,
  { range, complete }: JobRecords,
): Pick<RecordFrame, 'span' | 'claimed'> {
  if (range) {
    const inner = { from: ceilTo(grid, range.from), to: floorTo(grid, range.to) };
    const span = { from: floorTo(grid, range.from), to: ceilTo(grid, range.to) };
    return { span, claimed: complete && inner.from < inner.to ? inner : undefined };
  }
  if (batch.n === 0) return { span: { from: 0, to: 0 }, claimed: undefined };
  const first = batch.ts.reduce((a, b) => Math.min(a, b));
  const last = batch.ts.reduce((a, b) => Math.max(a, b));
  return { span: { from: floorTo(grid, first), to: ceilTo(grid, last + 1) }, claimed: undefined };
}

/**
 * A frame of handed-in records, checked cell by cell: pure. `anchorMs` as of a grid. Columns that may be null may be left
 * out; a frame without rows needs none but the time. Records of grid types want a range on the grid; events lie anywhere,
 * and of a slot that their range cuts nothing is claimed.
 * @throws ValidationError naming each thing that is wrong, the first 20
 */
export function readFrame(records: JobRecords, anchorMs: number): RecordFrame {
  const { series, range } = records;
  const faults = new Faults();
  checkSeries(faults, series);
  const type = dataTypeOf(series.dataType);
  const grid = isTimeframe(series.frequency) ? gridOf(series.frequency, anchorMs) : undefined;
  if (type) checkColumns(faults, type, records);
  if (range) checkRange(faults, range, type?.axis === 'grid' ? grid : undefined);
  if (checkCount(faults, records) && type) checkRows(faults, type, records);
  faults.settle(series);
  if (!type || !grid) throw new ValidationError(faults.issues);
  const batch = batchOf(type, records);
  return { type, grid, batch, ...extentOf(grid, batch, records) };
}
