import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Answer } from './respond.ts';

const GZIP_FROM_BYTES = 1_024;

/** Sends an answer, compressed if it is long and the client accepts that, or misbehaves as the answer says. */
export function transmit(response: ServerResponse, answer: Answer, acceptEncoding: string): void {
  if (response.destroyed) return;
  if (answer.destroy) {
    response.destroy();
    return;
  }
  const plain = new TextEncoder().encode(answer.body);
  const packed =
    answer.truncateAt === undefined && plain.length > GZIP_FROM_BYTES && /\bgzip\b/.test(acceptEncoding);
  const body = packed ? gzipSync(plain, { level: 1 }) : plain;
  response.sendDate = false;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(packed ? { 'content-encoding': 'gzip' } : {}),
    'content-length': body.length,
  });
  if (answer.truncateAt === undefined) response.end(body);
  else response.write(body.subarray(0, answer.truncateAt), () => response.destroy());
}
