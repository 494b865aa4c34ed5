import { randomBytes, randomInt } from 'node:crypto';
import { base32 } from '@kairos/domain';
import type { Ids } from '@kairos/ports';

const UID_LENGTH = 12;
const NONCE_LENGTH = 16;
/** The largest range one draw may have, and a divisor that keeps every result below 1. */
const DRAW = 2 ** 47;

const randomText = (length: number): string => base32(randomBytes(Math.ceil((length * 5) / 8)), length);

/** Ids from the operating system's random source: 60 bits in a uid, 80 in a nonce. */
export class SystemIds implements Ids {
  uid(): string {
    return randomText(UID_LENGTH);
  }

  nonce(): string {
    return randomText(NONCE_LENGTH);
  }

  random(): number {
    return randomInt(DRAW) / DRAW;
  }
}
