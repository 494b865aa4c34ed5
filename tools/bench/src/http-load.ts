import { connect, type Socket } from 'node:net';

/** What came back while the load lasted. */
export interface LoadResult {
  readonly perS: number;
  readonly p99Ms: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Bytes of the first whole answer in the buffer; undefined while some are missing. */
function lengthOfAnswer(bytes: Buffer): number | undefined {
  const head = bytes.indexOf(END_OF_HEAD);
  if (head < 0) return undefined;
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, head));
  const end = head + END_OF_HEAD.length + Number(length?.[1]);
  return bytes.length >= end ? end : undefined;
}

/**
 * Sends the same POST over and over, one at a time on each of `connections` sockets. Plain sockets and ready-made bytes:
 * a load generator shares the machine with what it measures, so it should do as little as can be. @throws on an answer
 * other than 200
 */
export async function loadWith(
  p: { readonly url: string; readonly path: string; readonly body: string; readonly connections: number },
  durationMs: number,
): Promise<LoadResult> {
  const { host, hostname, port } = new URL(p.url);
  const request = Buffer.from(
    `POST ${p.path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(p.body)}\r\n\r\n${p.body}`,
  );
  const took: number[] = [];
  const began = performance.now();
  const drive = (socket: Socket): Promise<void> =>
    new Promise((done, failed) => {
      let seen = Buffer.alloc(0);
      let sentAt = performance.now();
      socket.on('data', (bytes) => {
        seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
        const end = lengthOfAnswer(seen);
        if (end === undefined) return;
        if (!seen.subarray(0, 15).includes(' 200 ')) {
          failed(new Error(seen.toString('utf8')));
          socket.destroy();
          return;
        }
        seen = seen.subarray(end);
        const now = performance.now();
        took.push(now - sentAt);
        sentAt = now;
        if (now - began < durationMs) socket.write(request);
        else socket.end(done);
      });
      socket.once('error', failed);
      socket.write(request);
    });
  await Promise.all(
    Array.from({ length: p.connections }, () =>
      drive(connect({ host: hostname, port: Number(port) }).setNoDelay()),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  took.sort((a, b) => a - b);
  return { perS: took.length / seconds, p99Ms: took[Math.floor(took.length * 0.99)] ?? NaN };
}
