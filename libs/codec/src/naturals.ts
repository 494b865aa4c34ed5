import { ByteReader, ByteWriter } from './bytes.ts';
import { readDeflated, writeDeflated } from './deflate.ts';
import { readEntropy, writeEntropy } from './entropy.ts';
import { corrupt } from './frame.ts';

/** How a stream of integers in [0, 2^53) is stored. */
export const STREAM = { zeros: 0, varints: 1, entropy: 2, deflated: 3 } as const;
export type StreamMode = (typeof STREAM)[keyof typeof STREAM];

/** What the writer may try: `plain` no compression; `repeats` expects whole runs of values to come again. */
export type Effort = 'plain' | 'packed' | 'repeats';

/** Fewer values than this never pay for a table. */
const ENTROPY_FROM = 24;

function writeVarints(out: ByteWriter, values: Float64Array, n: number): void {
  for (let i = 0; i < n; i += 1) out.varint(values[i] ?? 0);
}

function varintBytes(values: Float64Array, n: number): number {
  let bytes = 0;
  for (let i = 0; i < n; i += 1) {
    let rest = values[i] ?? 0;
    for (bytes += 1; rest >= 128; rest /= 128) bytes += 1;
  }
  return bytes;
}

function isAllZeros(values: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i += 1) if (values[i] !== 0) return false;
  return true;
}

function deflatedVarints(values: Float64Array, n: number): Uint8Array {
  const varints = new ByteWriter(n * 2);
  writeVarints(varints, values, n);
  const out = new ByteWriter(n);
  writeDeflated(out, varints.view(), 1);
  return out.view();
}

/** Writes the first `n` values without their count, in whichever allowed way is shortest, and says which it was. */
export function writeNaturals(out: ByteWriter, values: Float64Array, n: number, effort: Effort): StreamMode {
  if (isAllZeros(values, n)) return STREAM.zeros;
  const from = out.length;
  let mode: StreamMode = STREAM.varints;
  if (effort !== 'plain' && n >= ENTROPY_FROM) {
    writeEntropy(out, values, n);
    mode = STREAM.entropy;
    if (varintBytes(values, n) <= out.length - from) {
      out.truncate(from);
      mode = STREAM.varints;
    }
  }
  if (mode === STREAM.varints) writeVarints(out, values, n);
  const deflated = effort === 'repeats' ? deflatedVarints(values, n) : undefined;
  if (!deflated || deflated.length >= out.length - from) return mode;
  out.truncate(from);
  out.bytes(deflated);
  return STREAM.deflated;
}

function readVarints(input: ByteReader, count: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) values[i] = input.varint();
  return values;
}

export function readNaturals(input: ByteReader, mode: number, count: number): Float64Array {
  switch (mode) {
    case STREAM.entropy:
      return readEntropy(input, count);
    case STREAM.deflated:
      return readVarints(new ByteReader(readDeflated(input)), count);
    case STREAM.varints:
      return readVarints(input, count);
    case STREAM.zeros:
      return new Float64Array(count);
    default:
      throw corrupt(`numbers are stored in an unknown way (${mode})`);
  }
}
