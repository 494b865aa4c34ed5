import type { ByteReader, ByteWriter } from './bytes.ts';
import { readNaturals, writeNaturals, type Effort } from './naturals.ts';

/**
 * 64-bit integers: zigzagged differences that wrap around, as two streams of 32 bits. Rare (a full day's turnover at
 * eight decimals), so clear rather than fast.
 */
const LOW_BITS = 32n;
const LOW_MASK = 0xffffffffn;

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
const unzigzag = (value: bigint): bigint => BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));

interface Halves {
  readonly high: Float64Array;
  readonly low: Float64Array;
}

function halvesOf(values: BigInt64Array, differences: boolean): Halves {
  const high = new Float64Array(values.length);
  const low = new Float64Array(values.length);
  let before = 0n;
  for (const [i, value] of values.entries()) {
    const natural = zigzag(BigInt.asIntN(64, value - before));
    high[i] = Number(natural >> LOW_BITS);
    low[i] = Number(natural & LOW_MASK);
    if (differences) before = value;
  }
  return { high, low };
}

const weight = ({ high, low }: Halves): number =>
  high.reduce((sum, value, i) => sum + Math.log2(1 + value * 2 ** 32 + (low[i] ?? 0)), 0);

function writeHalf(out: ByteWriter, values: Float64Array, effort: Effort): void {
  const modeAt = out.length;
  out.byte(0);
  out.patch(modeAt, writeNaturals(out, values, values.length, effort));
}

/** Any 64-bit integers, without their count. */
export function writeWide(out: ByteWriter, values: BigInt64Array, effort: Effort): void {
  const [plain, stepped] = [halvesOf(values, false), halvesOf(values, true)];
  const differences = weight(stepped) < weight(plain);
  const { high, low } = differences ? stepped : plain;
  out.byte(differences ? 1 : 0);
  writeHalf(out, high, effort);
  writeHalf(out, low, effort);
}

export function readWide(input: ByteReader, count: number): BigInt64Array {
  const differences = input.byte() === 1;
  const high = readNaturals(input, input.byte(), count);
  const low = readNaturals(input, input.byte(), count);
  const values = new BigInt64Array(count);
  let before = 0n;
  for (let i = 0; i < count; i += 1) {
    const natural = (BigInt(high[i] ?? 0) << LOW_BITS) | BigInt(low[i] ?? 0);
    values[i] = before + unzigzag(BigInt.asUintN(64, natural));
    if (differences) before = values[i] ?? 0n;
  }
  return values;
}
