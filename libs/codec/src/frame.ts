import { StoreError } from '@kairos/domain';
import { crc32 } from './crc32.ts';

/** The error of bytes that cannot be what was once written. */
export const corrupt = (why: string, cause?: unknown): StoreError =>
  new StoreError(
    'STORE_CORRUPT',
    `stored bytes are damaged: ${why}; restore them from a copy or collect again`,
    {
      cause,
    },
  );

/** The error of bytes that a later release wrote. */
export const newer = (what: string, found: number, known: number): StoreError =>
  new StoreError(
    'STORE_NEWER',
    `${what} ${found} is newer than this release reads (${known}); upgrade Kairos`,
    {
      details: { found, known },
    },
  );

/** What opens a kind of stored bytes: fixed first bytes, then one byte of format version. */
export interface FrameFormat {
  readonly what: string;
  readonly magic: readonly number[];
  readonly version: number;
}

const CRC_BYTES = 4;

/** `magic, version, body, CRC-32 of all before it`: the same for every version, so a newer one is told from damage. */
export function seal(format: FrameFormat, body: Uint8Array): Uint8Array {
  const head = format.magic.length + 1;
  const out = new Uint8Array(head + body.length + CRC_BYTES);
  out.set(format.magic);
  out[head - 1] = format.version;
  out.set(body, head);
  const end = head + body.length;
  new DataView(out.buffer).setUint32(end, crc32(out.subarray(0, end)), true);
  return out;
}

/** The body of sealed bytes. @throws StoreError `STORE_CORRUPT` or `STORE_NEWER`. */
export function unseal(format: FrameFormat, bytes: Uint8Array): Uint8Array {
  const head = format.magic.length + 1;
  const end = bytes.length - CRC_BYTES;
  if (end < head) throw corrupt('too short');
  if (format.magic.some((byte, i) => bytes[i] !== byte)) throw corrupt(`not a ${format.what}`);
  const crc = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end, true);
  if (crc !== crc32(bytes.subarray(0, end))) throw corrupt('the checksum differs');
  const version = bytes[head - 1] ?? 0;
  if (version > format.version) throw newer(`the ${format.what}'s format`, version, format.version);
  if (version !== format.version) throw corrupt(`format ${version} never existed`);
  return bytes.subarray(head, end);
}

/** Runs a reader; whatever it trips over in hostile bytes becomes `STORE_CORRUPT`. */
export function guarded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof StoreError ? error : corrupt('they make no sense', error);
  }
}
