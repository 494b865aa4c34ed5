import { isUtf8 } from 'node:buffer';
import { KairosError } from '@kairos/domain';

/** The largest frame in either direction, as JSON in UTF-8. */
export const MAX_FRAME_BYTES = 1_048_576;

const HEAD_BYTES = 4;

/** What came is no frame, or no message: the worker that sent it is not trusted any further. */
export const frameError = (message: string): KairosError => new KairosError('JOB_FRAME', message);

/**
 * A message as one frame: its length in four bytes, big-endian, and its JSON.
 * @throws KairosError JOB_FRAME when it is too long, or holds what JSON would silently change (NaN, infinity).
 */
export function encodeFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message, refuseOddNumbers), 'utf8');
  if (body.length > MAX_FRAME_BYTES)
    throw frameError(`a message of ${body.length} bytes to the task; at most ${MAX_FRAME_BYTES} are sent`);
  return framed(body);
}

/** The bytes of a message behind their length, however many they are. */
export function framed(body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length);
  return Buffer.concat([head, body]);
}

/** What the body of a frame holds. @throws KairosError JOB_FRAME when it is no JSON in UTF-8. */
export function parseFrame(body: Buffer): unknown {
  if (!isUtf8(body)) throw frameError('the task sent a frame that is no UTF-8');
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw frameError(`the task sent a frame that is no JSON: ${String(error).slice(0, 200)}`);
  }
}

function refuseOddNumbers(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw frameError(`"${key}" is ${value}, which is no number in JSON`);
  return value;
}

/** Cuts a stream of bytes into the bodies of frames. Never holds more than one frame beyond what it was given. */
export class FrameReader {
  #parts: Buffer[] = [];
  #held = 0;
  #body: number | undefined;

  /** The bodies that are complete now. @throws KairosError JOB_FRAME at the first length that is too large, before its bytes. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    const bodies: Buffer[] = [];
    while (this.#advance(bodies));
    return bodies;
  }

  #advance(bodies: Buffer[]): boolean {
    if (this.#body === undefined) {
      if (this.#held < HEAD_BYTES) return false;
      const length = this.#take(HEAD_BYTES).readUInt32BE();
      if (length > MAX_FRAME_BYTES)
        throw frameError(
          `the task announced a frame of ${length} bytes; at most ${MAX_FRAME_BYTES} are taken`,
        );
      this.#body = length;
    }
    if (this.#held < this.#body) return false;
    bodies.push(this.#take(this.#body));
    this.#body = undefined;
    return true;
  }

  #take(count: number): Buffer {
    const all = this.#parts.length === 1 ? this.#parts[0] : undefined;
    const joined = all ?? Buffer.concat(this.#parts);
    this.#held -= count;
    this.#parts = this.#held > 0 ? [joined.subarray(count)] : [];
    return joined.subarray(0, count);
  }
}
