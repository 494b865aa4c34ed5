import type * as Fs from 'node:fs';
import type * as Net from 'node:net';
import type { WorkerNotice, WorkerOrder } from '../messages.ts';

/** The worker's ends of the two pipes. */
export interface Channel {
  /** Blocks until the pipe has taken it. @throws Error with code `JOB_FRAME` when it is too long */
  write(message: object): void;
  /** Whole messages from the server, in order. */
  listen(onMessage: (message: WorkerOrder | WorkerNotice) => void): void;
}

/** Frames of length and JSON: read from descriptor 3, written to descriptor 4. */
export function openChannel(load: NodeJS.Require, maxBytes: number): Channel {
  const { writeSync }: typeof Fs = load('node:fs');
  const { Socket }: typeof Net = load('node:net');
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const put = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length;) {
      try {
        at += writeSync(4, bytes, at);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
        Atomics.wait(bell, 0, 0, 1);
      }
    }
  };
  return {
    write(message) {
      const body = Buffer.from(JSON.stringify(message));
      if (body.length > maxBytes)
        throw Object.assign(
          new Error(`this takes ${body.length} bytes; at most ${maxBytes} are handed over`),
          {
            code: 'JOB_FRAME',
          },
        );
      const head = Buffer.alloc(4);
      head.writeUInt32BE(body.length);
      put(Buffer.concat([head, body]));
    },
    listen(onMessage) {
      let held = Buffer.alloc(0);
      const take = (): boolean => {
        const length = held.length < 4 ? Infinity : held.readUInt32BE();
        if (held.length < 4 + length) return false;
        const message = JSON.parse(held.toString('utf8', 4, 4 + length));
        held = held.subarray(4 + length);
        onMessage(message);
        return true;
      };
      new Socket({ fd: 3, readable: true, writable: false })
        .on('data', (bytes) => {
          held = Buffer.concat([held, bytes]);
          while (take());
        })
        .on('error', () => undefined);
    },
  };
}
