import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { corrupt } from './frame.ts';

/** Below this many bytes deflate cannot win back its own cost. */
const WORTHWHILE = 64;
/** No block of ours inflates to more; a bomb does. */
const MAX_INFLATED = 2 ** 28;
const STORED = 0;

/** Bytes, deflated where that helps: the length deflated (0: stored as they are), the true length, the bytes. */
export function writeDeflated(out: ByteWriter, bytes: Uint8Array, level: 0 | 1): void {
  if (bytes.length > MAX_INFLATED)
    throw new RangeError(`${bytes.length} bytes in one block; write smaller batches`);
  const packed = level === 1 && bytes.length >= WORTHWHILE ? deflateRawSync(bytes, { level: 1 }) : bytes;
  const helps = packed.length < bytes.length;
  out.varint(helps ? packed.length : STORED);
  out.varint(bytes.length);
  out.bytes(helps ? packed : bytes);
}

export function readDeflated(input: ByteReader): Uint8Array {
  const packed = input.varint();
  const length = input.varint(MAX_INFLATED);
  if (packed === STORED) return input.bytes(length);
  const bytes = inflateRawSync(input.bytes(packed), { maxOutputLength: Math.max(1, length) });
  if (bytes.length !== length) throw corrupt('a block has another length than it says');
  return bytes;
}
