import { ConfigError } from '@kairos/domain';
import type {
  Clock,
  HintHandler,
  HintOutcome,
  Logger,
  WorkHint,
  WorkQueue,
  WorkQueueCapabilities,
} from '@kairos/ports';
import { WaitingRoom } from './waiting-room.ts';

export interface InlineWorkQueueDeps {
  /** Hints worked at the same time; at least 1. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a delivery may take before it should hand over; default 15 minutes. */
  readonly deadlineMs?: number | undefined;
}

const DEFAULT_DEADLINE_MS = 900_000;

/**
 * A work queue inside the process: first in, first out, at most `concurrency` deliveries at once and never two of one
 * task. Hints of one task that still wait are worked once. Nothing is kept beyond the process: after a crash the next
 * tick finds the work again. A handler that throws is logged and its hint forgotten, for the same reason.
 */
export class InlineWorkQueue implements WorkQueue {
  readonly capabilities: WorkQueueCapabilities = {
    delayMs: Number.MAX_SAFE_INTEGER,
    maxBytes: Number.MAX_SAFE_INTEGER,
    deadLetter: false,
  };
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #deadlineMs: number;
  readonly #waiting = new WaitingRoom();
  readonly #running = new Map<string, Promise<void>>();
  readonly #abort = new AbortController();
  #handler: HintHandler | undefined;
  #alarm: { readonly at: number; readonly cancel: AbortController } | undefined;
  #closed = false;

  /** @throws ConfigError when `concurrency` is no whole number above zero. */
  constructor(deps: InlineWorkQueueDeps) {
    if (!Number.isInteger(deps.concurrency) || deps.concurrency < 1) {
      throw new ConfigError(`the work queue needs a concurrency of 1 or more, not ${deps.concurrency}`, {
        key: 'concurrency',
      });
    }
    this.#concurrency = deps.concurrency;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#deadlineMs = deps.deadlineMs ?? DEFAULT_DEADLINE_MS;
  }

  send(hints: readonly WorkHint[]): Promise<void> {
    if (!this.#closed) {
      for (const hint of hints) this.#waiting.add(hint);
      this.#pump();
    }
    return Promise.resolve();
  }

  onHint(handler: HintHandler): void {
    this.#handler = handler;
    this.#pump();
  }

  async drain(p: { readonly graceMs: number }): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    this.#alarm?.cancel.abort();
    if (this.#running.size === 0) return;

    const idle = Promise.all(this.#running.values());
    const grace = new AbortController();
    const patience = this.#clock.sleep(p.graceMs, grace.signal).then(
      () => this.#abort.abort(new Error('the work queue is draining')),
      () => undefined, // everything ended within the grace
    );
    await idle;
    grace.abort();
    await patience;
  }

  /** Starts what may start, and wakes itself when the next held-back hint becomes ready. */
  #pump(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#closed) return;
    const now = this.#clock.now();
    while (this.#running.size < this.#concurrency) {
      const hint = this.#waiting.take(now, this.#busy());
      if (hint === undefined) break;
      this.#start(handler, hint);
    }
    this.#setAlarm(this.#waiting.nextReadyAt(now), now);
  }

  #busy(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  #start(handler: HintHandler, hint: WorkHint): void {
    const done = this.#deliver(handler, hint).then((outcome) => {
      this.#running.delete(hint.uid);
      if (outcome !== 'done' && !this.#closed) {
        this.#waiting.putBack({ ...hint, notBefore: this.#clock.now() + Math.max(0, outcome.retryAfterMs) });
      }
      this.#pump();
    });
    this.#running.set(hint.uid, done);
  }

  async #deliver(handler: HintHandler, hint: WorkHint): Promise<HintOutcome> {
    try {
      const deadline = this.#clock.now() + this.#deadlineMs;
      const othersWait = (): boolean => this.#waiting.hasReady(this.#clock.now(), this.#busy());
      return await handler(hint, { deadline, signal: this.#abort.signal, othersWait });
    } catch (error) {
      this.#log.error('queue.hint_failed', { uid: hint.uid, kind: hint.kind, slot: hint.slot, error });
      return 'done';
    }
  }

  #setAlarm(at: number | undefined, now: number): void {
    if (this.#alarm?.at === at) return;
    this.#alarm?.cancel.abort();
    this.#alarm = undefined;
    if (at === undefined) return;
    const alarm = { at, cancel: new AbortController() };
    this.#alarm = alarm;
    void this.#clock.sleep(at - now, alarm.cancel.signal).then(
      () => {
        if (this.#alarm === alarm) this.#alarm = undefined;
        this.#pump();
      },
      () => undefined, // another alarm took its place, or the queue drains
    );
  }
}
