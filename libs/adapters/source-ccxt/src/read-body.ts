import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, brotliDecompressSync, gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { BadSourceDataError } from '@kairos/domain';

/** No honest answer of a venue is longer, inflated. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Below this, inflating at once costs less than a round through the thread pool. */
const SYNC_BELOW_BYTES = 128 * 1024;

const gunzipLater = promisify(gunzip);
const inflateLater = promisify(inflate);
const brotliLater = promisify(brotliDecompress);

/** The body, inflated, as bytes. @throws BadSourceDataError when it is too long or cannot be inflated. */
export async function readBody(body: Readable, encoding: string, url: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLong(url);
    chunks.push(chunk);
  }
  const [only] = chunks;
  const packed = only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, size);
  return packed.length === 0 || encoding === '' || encoding === 'identity'
    ? packed
    : unpack(packed, encoding, url);
}

async function unpack(packed: Buffer, encoding: string, url: string): Promise<Buffer> {
  const options = { maxOutputLength: MAX_BODY_BYTES };
  const small = packed.length < SYNC_BELOW_BYTES;
  try {
    switch (encoding) {
      case 'gzip':
      case 'x-gzip':
        return small ? gunzipSync(packed, options) : await gunzipLater(packed, options);
      case 'deflate':
        return small ? inflateSync(packed, options) : await inflateLater(packed, options);
      case 'br':
        return small ? brotliDecompressSync(packed, options) : await brotliLater(packed, options);
    }
  } catch (error) {
    if (error instanceof RangeError) throw tooLong(url);
    throw new BadSourceDataError(`the answer of ${url} cannot be inflated as ${encoding}`, { cause: error });
  }
  throw new BadSourceDataError(`the answer of ${url} is packed in a way nobody asked for`);
}

const tooLong = (url: string): BadSourceDataError =>
  new BadSourceDataError(`the answer of ${url} is longer than ${MAX_BODY_BYTES} bytes`, { retryable: false });
