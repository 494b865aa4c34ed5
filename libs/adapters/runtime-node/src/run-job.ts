import type { JsonValue } from '@kairos/domain';
import { KairosError } from '@kairos/domain';
import type { Clock, JobEnd, JobSink } from '@kairos/ports';
import { after, frameError } from '@kairos/runtime-common';
import type { WorkerEnd, WorkerMessage, WorkerOrder } from './messages.ts';
import { WorkerProcess, type WorkerExit } from './worker-process.ts';

export type StopCode = 'JOB_CANCELLED' | 'JOB_TIMEOUT';

export interface JobOrder {
  readonly order: WorkerOrder;
  readonly sink: JobSink;
  /** Aborts with a `StopCode`. */
  readonly stop: AbortSignal;
  readonly memoryMb: number;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly clock: Clock;
  /** So long a job may take to stop, or its process to end, before it is killed. */
  readonly graceMs: number;
}

/** Messages that may wait for an answer. The worker sends one at a time; who sends more goes past it. */
const MAX_UNANSWERED = 2;

const STOPPED: Readonly<Record<StopCode, string>> = {
  JOB_CANCELLED: 'the run was cancelled before it was done',
  JOB_TIMEOUT: 'the run was not done when its time was up: raise its time-out, or let it do less at a time',
};

export const isStopCode = (code: unknown): code is StopCode =>
  code === 'JOB_CANCELLED' || code === 'JOB_TIMEOUT';

export const failure = (code: string, message: string, permanent = false, traceback?: string): JobEnd => ({
  ok: false,
  error: { code, message, permanent, ...(traceback === undefined ? {} : { traceback }) },
});

export const stopped = (stop: AbortSignal, traceback?: string): JobEnd => {
  const code = isStopCode(stop.reason) ? stop.reason : 'JOB_CANCELLED';
  return failure(code, STOPPED[code], false, traceback);
};

/** One order in a process of its own. Answers once the process is gone and all that it asked for has been answered. */
export class RunningJob {
  readonly #p: JobOrder;
  readonly #worker: WorkerProcess;
  readonly #refused = new Map<number, unknown>();
  #answers: Promise<unknown> = Promise.resolve();
  #unanswered = 0;
  #end: { readonly end: WorkerEnd; readonly late: boolean } | undefined;
  #stopKilling = (): void => undefined;

  constructor(p: JobOrder) {
    this.#p = p;
    const { memoryMb, env, cwd, clock, sink } = p;
    const listener = {
      message: (message: WorkerMessage) => this.#take(message),
      line: (stream: 'stdout' | 'stderr', text: string) =>
        sink.log({ level: stream === 'stderr' ? 'warn' : 'info', message: text, stream }),
    };
    this.#worker = new WorkerProcess({ memoryMb, env, cwd, clock, listener });
  }

  /** @throws what the sink rejected with, where the job did not catch it */
  async finished(): Promise<JobEnd> {
    const { order, stop } = this.#p;
    const onStop = (): void => {
      this.#worker.send({ t: 'stop', code: String(stop.reason) });
      this.#killLater();
    };
    this.#worker.send(order);
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
    const exit = await this.#worker.gone;
    stop.removeEventListener('abort', onStop);
    this.#stopKilling();
    await this.#answers;
    return this.#outcome(exit);
  }

  #killLater(): void {
    this.#stopKilling();
    this.#stopKilling = after(this.#p.clock, this.#p.graceMs, () => this.#worker.kill());
  }

  #take(message: WorkerMessage): void {
    const { sink } = this.#p;
    switch (message.t) {
      case 'log':
        return sink.log({ level: message.level, message: message.message, stream: 'log' });
      case 'records':
        return this.#answer(message.seq, async () => {
          const { accepted, findings } = await sink.records(message.records);
          return { accepted, findings: findings.map((f) => ({ ...f })) };
        });
      case 'state':
        return this.#answer(message.seq, async () => {
          await sink.saveState(message.state);
          return null;
        });
      case 'end':
        this.#end ??= { end: message.end, late: this.#p.stop.aborted };
        // It ends by itself now; what it left running must not keep it.
        return this.#killLater();
    }
  }

  /** One after another, whatever the worker does. @throws KairosError JOB_FRAME when it does not wait for answers */
  #answer(seq: number, action: () => Promise<JsonValue>): void {
    this.#unanswered += 1;
    if (this.#unanswered > MAX_UNANSWERED)
      throw frameError(`the job sent more than ${MAX_UNANSWERED} messages without waiting for an answer`);
    const answered = this.#answers.then(action).finally(() => (this.#unanswered -= 1));
    this.#answers = answered.then(
      (answer) => this.#worker.send({ t: 'ack', seq, answer }),
      (error: unknown) => {
        this.#refused.set(seq, error);
        const code = KairosError.is(error) ? error.code : 'JOB_FAILED';
        const message = error instanceof Error ? error.message : String(error);
        this.#worker.send({ t: 'refused', seq, code, message });
      },
    );
  }

  #outcome(exit: WorkerExit): JobEnd {
    const told = this.#end;
    const end = told?.end;
    if (end?.ok === false && end.refused !== undefined && this.#refused.has(end.refused))
      throw this.#refused.get(end.refused);
    const traceback = end?.ok === false ? end.traceback : undefined;
    if (told?.late === true || (!told && this.#p.stop.aborted)) return stopped(this.#p.stop, traceback);
    if (exit.fault) return failure(exit.fault.code, exit.fault.message);
    if (end?.ok === true) return { ok: true, result: end.result };
    if (end) return failure(end.code, end.message, end.permanent, traceback);
    return this.#crash(exit);
  }

  #crash({ code, signal, outOfMemory }: WorkerExit): JobEnd {
    const { memoryMb } = this.#p;
    if (outOfMemory)
      return failure('JOB_MEMORY', `the job needed more than its ${memoryMb} MB of memory: raise \`memory\``);
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    return failure('JOB_CRASHED', `the job's process ended ${how} before the job had answered`);
  }
}
