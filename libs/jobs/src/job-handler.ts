import { JOB_HANDLER, type JobLanguage, type JobSpec, type JsonValue } from '@kairos/domain';
import type {
  Clock,
  JobCall,
  JobEnd,
  RecordIntake,
  RunContext,
  RunHandler,
  RunLogs,
  RunResult,
  TaskRuntime,
} from '@kairos/ports';
import { failureOf, successOf } from './job-result.ts';
import { RunSink } from './run-sink.ts';

export interface JobHandlerDeps {
  readonly runtimes: readonly TaskRuntime[];
  readonly intake: RecordIntake;
  readonly clock: Clock;
  /** Keeps what jobs say for people who ask later. Absent: the log alone has it. */
  readonly runLogs?: RunLogs | undefined;
}

/** How often the lease of a run is looked after while its job works: well within the time that it holds. */
const LOOK_AFTER_MS = 5_000;

/**
 * Runs jobs: work that is not Kairos's own, in the runtime of its language. The job works apart, for as long as its
 * time-out and the worker's deadline allow; meanwhile its lease is kept, and what it says, hands in and saves goes through
 * the run's fence. An unknown task type, wrong params and an unsafe function end the task, for no slot can do better; what
 * a job itself calls permanent ends its slot; all else is tried again.
 */
export class JobHandler implements RunHandler {
  readonly name = JOB_HANDLER;
  readonly #deps: JobHandlerDeps;
  readonly #runtimes: ReadonlyMap<JobLanguage, TaskRuntime>;

  constructor(deps: JobHandlerDeps) {
    this.#deps = deps;
    this.#runtimes = new Map(deps.runtimes.map((runtime) => [runtime.language, runtime]));
  }

  async run(ctx: RunContext): Promise<RunResult> {
    const { job } = ctx.task;
    const sink = new RunSink({ ...this.#deps, ctx });
    if (!job) return this.#missing(ctx, sink, `task ${ctx.task.taskId} names no job`);
    const runtime = this.#runtimes.get(job.language);
    if (!runtime)
      return this.#missing(
        ctx,
        sink,
        `this deployment runs no ${job.language}; task ${ctx.task.taskId} wants it`,
      );
    const end = await this.#attended(ctx, (signal) =>
      runtime.run(callOf(ctx, job, this.#deps.clock.now()), sink, signal),
    );
    return this.#resultOf(ctx, sink, end);
  }

  #missing(ctx: RunContext, sink: RunSink, message: string): RunResult {
    return this.#resultOf(ctx, sink, {
      ok: false,
      error: { code: 'JOB_RUNTIME_MISSING', message, permanent: true },
    });
  }

  #resultOf(ctx: RunContext, sink: RunSink, end: JobEnd): RunResult {
    if (!end.ok && end.error.traceback !== undefined)
      sink.log({ level: 'error', message: end.error.traceback, stream: 'log' });
    sink.close();
    const now = this.#deps.clock.now();
    const { stats } = sink;
    if (end.ok) return successOf({ task: ctx.task, result: end.result, stats, now });
    return failureOf({ error: end.error, stats, now, stopping: ctx.signal.aborted });
  }

  /** Works with the lease kept alive; losing it stops the work. @throws what the work, or keeping the lease, came to */
  async #attended(ctx: RunContext, work: (signal: AbortSignal) => Promise<JobEnd>): Promise<JobEnd> {
    const [over, stop] = [new AbortController(), new AbortController()];
    const attending = this.#keepLease(ctx, over.signal, stop);
    try {
      const end = await work(AbortSignal.any([ctx.signal, stop.signal]));
      // Of a lost lease the scheduler must hear, whatever the job made of being stopped.
      stop.signal.throwIfAborted();
      return end;
    } finally {
      over.abort();
      await attending;
    }
  }

  async #keepLease(ctx: RunContext, over: AbortSignal, stop: AbortController): Promise<void> {
    for (;;) {
      await this.#deps.clock.sleep(LOOK_AFTER_MS, over).catch(() => undefined);
      if (over.aborted) return;
      try {
        await ctx.ensure();
      } catch (error) {
        stop.abort(error);
        return;
      }
    }
  }
}

const callOf = (ctx: RunContext, job: JobSpec, now: number): JobCall => ({
  runId: ctx.runId,
  taskId: ctx.task.taskId,
  taskName: job.taskName,
  taskType: job.taskType,
  function: job.function,
  params: job.params,
  state: stateOf(ctx),
  kind: ctx.kind,
  slot: ctx.slot,
  attempt: ctx.attempt,
  deadline: Math.min(ctx.deadline, now + job.timeoutMs),
  memoryMb: job.memoryMb,
});

const stateOf = (ctx: RunContext): JsonValue => ctx.task.jobState;
