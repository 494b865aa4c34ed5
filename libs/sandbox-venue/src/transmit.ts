import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Answer, Delivery } from './answer.ts';
import { gzipBomb } from './gzip-bomb.ts';

const GZIP_FROM_BYTES = 1_024;

/** Sends an answer, compressed if it is long and the client accepts that, or misbehaves as the answer says. */
export function transmit(response: ServerResponse, answer: Answer, acceptEncoding: string): void {
  if (response.destroyed) return;
  if (answer.destroy) response.destroy();
  else if (answer.delivery !== undefined) deliver(response, answer, answer.delivery);
  else send(response, answer, acceptEncoding);
}

/** The status a client gets to see: 0 if there is none. */
export function statusSeen({ status, destroy, delivery }: Answer): number {
  const unseen = delivery?.kind === 'silent' || (delivery?.kind === 'reset' && !delivery.afterHeaders);
  return destroy || unseen ? 0 : status;
}

function send(response: ServerResponse, answer: Answer, acceptEncoding: string): void {
  const plain = new TextEncoder().encode(answer.body);
  const packed =
    answer.truncateAt === undefined && plain.length > GZIP_FROM_BYTES && /\bgzip\b/.test(acceptEncoding);
  const body = packed ? gzipSync(plain, { level: 1 }) : plain;
  const encoding = packed ? { 'content-encoding': 'gzip' } : {};
  head(response, answer, { ...encoding, 'content-length': body.length });
  if (answer.truncateAt === undefined) response.end(body);
  else response.write(body.subarray(0, answer.truncateAt), () => response.destroy());
}

function deliver(response: ServerResponse, answer: Answer, delivery: Delivery): void {
  if (delivery.kind === 'silent') return;
  if (delivery.kind === 'bomb') return explode(response, answer, delivery.megabytes);
  if (delivery.kind === 'reset' && !delivery.afterHeaders) return reset(response);
  const body = new TextEncoder().encode(answer.body);
  // One byte more than there is keeps a client waiting even where the body is empty.
  const missing = delivery.kind === 'drip' ? 0 : 1;
  head(response, answer, { 'content-length': body.length + missing });
  response.flushHeaders();
  if (delivery.kind === 'drip') drip(response, body, delivery.everyMs);
  else if (delivery.kind === 'reset') response.write(body.subarray(0, 1), () => reset(response));
  else response.write(body.subarray(0, Math.floor(body.length / 2)));
}

function explode(response: ServerResponse, answer: Answer, megabytes: number): void {
  head(response, answer, { 'content-encoding': 'gzip' });
  Readable.from(gzipBomb(megabytes)).pipe(response);
}

function drip(response: ServerResponse, body: Uint8Array, everyMs: number): void {
  const sendFrom = (place: number): void => {
    if (response.destroyed) return;
    if (place >= body.length) return void response.end();
    response.write(body.subarray(place, place + 1));
    setTimeout(sendFrom, everyMs, place + 1).unref();
  };
  sendFrom(0);
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function head(
  response: ServerResponse,
  answer: Answer,
  extra: Readonly<Record<string, string | number>>,
): void {
  response.sendDate = false;
  response.writeHead(answer.status, { ...answer.headers, ...extra });
}
