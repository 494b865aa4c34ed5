import type { ByteReader, ByteWriter } from './bytes.ts';
import { readNaturals, writeNaturals, type Effort } from './naturals.ts';
import { float64Scratch } from './scratch.ts';
import { bitLength } from './tokens.ts';

/**
 * Signed integers as naturals. All of one sign: as distances from the one nearest zero (`up` or `down`); of both signs:
 * zigzag. A step they all share (lots of 100, a tick of 5) is divided out.
 */
const MAP = { zigzag: 0, up: 1, down: 2 } as const;
const MODE_SHIFT = 2;
const HAS_STEP = 16;
const HAS_BASE = 32;

const SPAN = 2 ** 53;

interface Shape {
  readonly map: number;
  readonly base: number;
}

/** How these integers can be written; `undefined` when they spread too far for exact arithmetic on doubles. */
function shapeOf(values: Float64Array): Shape | undefined {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] ?? 0;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (values.length === 0) return { map: MAP.up, base: 0 };
  if (min < 0 && max > 0) return Math.max(-min, max) < SPAN / 2 ? { map: MAP.zigzag, base: 0 } : undefined;
  // From 2^53 on a difference may have been rounded; below, it is exact.
  if (!(-min < SPAN && max < SPAN)) return undefined;
  return min >= 0 ? { map: MAP.up, base: min } : { map: MAP.down, base: max };
}

const distance = (value: number, { map, base }: Shape): number =>
  map === MAP.up ? value - base : map === MAP.down ? base - value : value >= 0 ? 2 * value : -2 * value - 1;

const SAMPLES = 128;

/** Roughly the bits a value costs, from a sample of them; infinite when they cannot be written so. */
export function costOf(values: Float64Array): number {
  const shape = shapeOf(values);
  if (!shape) return Infinity;
  if (values.length === 0) return 0;
  const stride = Math.max(1, Math.floor(values.length / SAMPLES));
  let bits = 0;
  let taken = 0;
  for (let i = 0; i < values.length; i += stride) {
    bits += bitLength(distance(values[i] ?? 0, shape));
    taken += 1;
  }
  return bits / taken;
}

function greatestStep(values: Float64Array, base: number): number {
  let step = 0;
  for (let i = 0; i < values.length; i += 1) {
    let value = Math.abs((values[i] ?? 0) - base);
    if (value === 0 || (step > 0 && Math.round(value / step) * step === value)) continue;
    while (value > 0) [step, value] = [value, step % value];
    if (step === 1) return 1;
  }
  return step || 1;
}

const SCRATCH = float64Scratch();

function toNaturals(values: Float64Array, { map, base }: Shape, step: number): Float64Array {
  const naturals = SCRATCH.take(values.length);
  const sign = map === MAP.down ? -1 : 1;
  for (let i = 0; i < values.length; i += 1) {
    const value = ((values[i] ?? 0) - base) * sign;
    const part = step === 1 ? value : value / step;
    naturals[i] = map !== MAP.zigzag ? part : 2 * Math.abs(part) - (part < 0 ? 1 : 0);
  }
  return naturals;
}

/**
 * Writes integers without their count. @throws RangeError when they spread too far; see `costOf`.
 */
export function writeResiduals(out: ByteWriter, values: Float64Array, effort: Effort): void {
  const shape = shapeOf(values);
  if (!shape) throw new RangeError('integers of one stream lie too far apart');
  const step = greatestStep(values, shape.base);
  const headAt = out.length;
  out.byte(0);
  if (shape.base !== 0) out.signed(shape.base);
  if (step !== 1) out.varint(step);
  const mode = writeNaturals(out, toNaturals(values, shape, step), values.length, effort);
  const flags = (step === 1 ? 0 : HAS_STEP) | (shape.base === 0 ? 0 : HAS_BASE);
  out.patch(headAt, shape.map | (mode << MODE_SHIFT) | flags);
}

/** Without branches or remainders: the sign of a residual cannot be guessed, and this is the hottest line. */
function unzigzag(value: number): number {
  const half = Math.floor(value / 2);
  const odd = value - 2 * half;
  return half - odd * (2 * half + 1);
}

export function readResiduals(input: ByteReader, count: number): Float64Array {
  const head = input.byte();
  const base = head & HAS_BASE ? input.signed() : 0;
  const step = head & HAS_STEP ? input.varint() : 1;
  const values = readNaturals(input, (head >> MODE_SHIFT) & 3, count);
  const map = head & 3;
  const sign = map === MAP.down ? -step : step;
  for (let i = 0; i < count; i += 1) {
    const value = values[i] ?? 0;
    values[i] = base + (map === MAP.zigzag ? unzigzag(value) : value) * sign;
  }
  return values;
}
