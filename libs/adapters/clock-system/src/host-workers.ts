import type { Workers } from '@kairos/ports';
import { GONE, thisHost, UNKNOWN, type Host } from './host.ts';
import { SystemIds } from './system-ids.ts';

/** Fits any pid, and keeps the text from reading as something else once it is a path or a signal's target. */
const OWNER = /^([^:]+):([1-9]\d{0,9}):([^:]+):([^:]+)$/;

/**
 * Names workers `<boot id and pid namespace>:<pid>:<process start>:<nonce>`, one name per instance. Another process of
 * the same host can then tell a dead owner from a live one, also when its pid has been given to a stranger since.
 */
export class HostWorkers implements Workers {
  readonly #host: Host;
  readonly #owner: string;

  constructor(host: Host = thisHost(), nonce: string = new SystemIds().nonce()) {
    this.#host = host;
    this.#owner = `${host.space}:${host.pid}:${host.startOf(host.pid)}:${nonce}`;
  }

  owner(): string {
    return this.#owner;
  }

  /** False whenever there is doubt: an owner of another boot, host or container, or a name of unknown form. */
  isDead(owner: string): boolean {
    const [, space, pid, start] = OWNER.exec(owner) ?? [];
    if (space !== this.#host.space) return false;
    const now = this.#host.startOf(Number(pid));
    if (now === GONE) return true;
    return now !== UNKNOWN && start !== UNKNOWN && now !== start;
  }
}
