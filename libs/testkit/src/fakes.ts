import { contentId, hash53 } from '@kairos/domain';
import type { Ids, LogFields, Logger, Workers } from '@kairos/ports';

/** Ids and chance out of a seed: the same seed gives the same sequence. */
export class FakeIds implements Ids {
  readonly #seed: string;
  #count = 0;

  constructor(seed: number | string = 0) {
    this.#seed = String(seed);
  }

  uid(): string {
    return contentId(this.#next()).slice(0, 12);
  }

  nonce(): string {
    return `nonce-${this.#next()}`;
  }

  random(): number {
    return hash53(this.#next()) / 2 ** 53;
  }

  #next(): string {
    this.#count += 1;
    return `${this.#seed}-${this.#count}`;
  }
}

/** Named workers of which a test says who died. Give the same instance, or one `dead` set, to all that share a host. */
export class FakeWorkers implements Workers {
  readonly #owner: string;
  readonly #dead: Set<string>;

  constructor(owner = 'worker-1', dead: Set<string> = new Set()) {
    this.#owner = owner;
    this.#dead = dead;
  }

  owner(): string {
    return this.#owner;
  }

  isDead(owner: string): boolean {
    return this.#dead.has(owner);
  }

  kill(owner: string): void {
    this.#dead.add(owner);
  }
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps every entry, also those of its children, for a test to look at. */
export class RecordingLogger implements Logger {
  readonly entries: LogEntry[];
  readonly #fields: LogFields;

  constructor(fields: LogFields = {}, entries: LogEntry[] = []) {
    this.entries = entries;
    this.#fields = fields;
  }

  debug(event: string, fields?: LogFields): void {
    this.#add('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#add('error', event, fields);
  }

  child(fields: LogFields): Logger {
    return new RecordingLogger({ ...this.#fields, ...fields }, this.entries);
  }

  /** The names of what was logged, in order. */
  events(): readonly string[] {
    return this.entries.map((e) => e.event);
  }

  #add(level: LogEntry['level'], event: string, fields: LogFields = {}): void {
    this.entries.push({ level, event, fields: { ...this.#fields, ...fields } });
  }
}

const nothing = (): void => undefined;

/** Logs nothing. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
