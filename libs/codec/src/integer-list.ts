import type { ByteReader, ByteWriter } from './bytes.ts';
import type { Effort } from './naturals.ts';
import { costOf, readResiduals, writeResiduals } from './residuals.ts';

const PLAIN = 0;
const DIFFERENCES = 1;

export function differences(values: Float64Array): Float64Array {
  const out = new Float64Array(Math.max(0, values.length - 1));
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i + 1] ?? 0) - (values[i] ?? 0);
  return out;
}

/** The other way round from `differences`. */
export function sums(first: number, steps: Float64Array): Float64Array {
  const out = new Float64Array(steps.length + 1);
  out[0] = first;
  for (let i = 0; i < steps.length; i += 1) out[i + 1] = (out[i] ?? 0) + (steps[i] ?? 0);
  return out;
}

/** Integers without their count, as they are or by their differences, whichever is cheaper. */
export function writeIntegers(out: ByteWriter, values: Float64Array, effort: Effort): void {
  const steps = differences(values);
  if (values.length > 1 && costOf(steps) < costOf(values)) {
    out.byte(DIFFERENCES);
    out.signed(values[0] ?? 0);
    writeResiduals(out, steps, effort);
  } else {
    out.byte(PLAIN);
    writeResiduals(out, values, effort);
  }
}

export function readIntegers(input: ByteReader, count: number): Float64Array {
  if (input.byte() === PLAIN || count === 0) return readResiduals(input, count);
  const first = input.signed();
  return sums(first, readResiduals(input, count - 1));
}
