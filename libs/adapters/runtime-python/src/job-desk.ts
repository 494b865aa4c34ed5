import { KairosError, type JsonValue } from '@kairos/domain';
import type { JobRecords, JobSink } from '@kairos/ports';
import { frameError } from '@kairos/runtime-common';
import { acknowledgement } from './messages.ts';

/** Records and states that a task may have sent without an answer. */
const MAX_UNANSWERED = 2;

/** What one run hands over, taken to the sink one by one in the order it came; each gets its answer. */
export class JobDesk {
  readonly #sink: JobSink;
  readonly #send: (message: unknown) => void;
  readonly #rejections = new Map<number, unknown>();
  #turn: Promise<void> = Promise.resolve();
  #unanswered = 0;
  #closed = false;

  constructor(sink: JobSink, send: (message: unknown) => void) {
    this.#sink = sink;
    this.#send = send;
  }

  /** @throws KairosError JOB_FRAME when too many frames are unanswered: their sender does not keep to the protocol. */
  records(seq: number, records: JobRecords): void {
    this.#enqueue(seq, 'records', async () => {
      const answer = await this.#sink.records(records);
      return acknowledgement(seq, answer);
    });
  }

  /** @throws as `records` */
  state(seq: number, state: JsonValue): void {
    this.#enqueue(seq, 'state', async () => {
      await this.#sink.saveState(state);
      return { t: 'ack', of: 'state', seq };
    });
  }

  /** What the sink rejected with, if it did. */
  rejection(seq: number | undefined): unknown {
    return seq === undefined ? undefined : this.#rejections.get(seq);
  }

  /** Takes nothing more to the sink, and resolves when it is done with what it has. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#turn;
  }

  #enqueue(seq: number, of: 'records' | 'state', act: () => Promise<unknown>): void {
    this.#unanswered += 1;
    if (this.#unanswered > MAX_UNANSWERED)
      throw frameError(
        `the task sent more than ${MAX_UNANSWERED} frames of records or states without waiting for an answer`,
      );
    this.#turn = this.#turn.then(async () => {
      if (this.#closed) return;
      const answer = await act().catch((error: unknown) => {
        this.#rejections.set(seq, error);
        return { t: 'ack', of, seq, error: wireError(error) };
      });
      this.#unanswered -= 1;
      this.#send(answer);
    });
  }
}

const wireError = (error: unknown) => ({
  code: KairosError.is(error) ? error.code : 'INTERNAL',
  message: (error instanceof Error ? error.message : String(error)).slice(0, 2_000),
  retryable: KairosError.is(error) && error.retryable,
});
