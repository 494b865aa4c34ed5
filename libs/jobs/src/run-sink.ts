import { UnsupportedError, type JsonValue, type RunStats } from '@kairos/domain';
import type {
  Clock,
  JobRecords,
  JobRecordsAnswer,
  JobSink,
  RecordIntake,
  RunContext,
  RunLogs,
} from '@kairos/ports';

/** Beyond so much of one run, its lines are counted and not written into the server's log. */
export const MAX_LOG_LINES = 1_000;
const MAX_LOG_CHARS = 262_144;

export interface RunSinkDeps {
  readonly ctx: RunContext;
  readonly intake: RecordIntake;
  readonly clock: Clock;
  readonly runLogs?: RunLogs | undefined;
}

/** What one run's job may do to the world: say something, hand in records, keep a state. All under the run's fence. */
export class RunSink implements JobSink {
  readonly #deps: RunSinkDeps;
  #lines = 0;
  #chars = 0;
  #rows = 0;
  #commits = 0;

  constructor(deps: RunSinkDeps) {
    this.#deps = deps;
  }

  get stats(): RunStats {
    return { rows: this.#rows, requests: 0, weight: 0, commits: this.#commits };
  }

  /** Each line goes to the kept logs, which bound themselves, and to the server's, up to a limit. */
  log(line: Parameters<JobSink['log']>[0]): void {
    const { ctx, runLogs, clock } = this.#deps;
    runLogs?.append({ taskId: ctx.task.taskId, runId: ctx.runId, line: { at: clock.now(), ...line } });
    this.#lines += 1;
    this.#chars += line.message.length;
    if (this.#isFlooded()) return;
    ctx.log[line.level]('job.says', { stream: line.stream, message: line.message });
  }

  #isFlooded(): boolean {
    return this.#lines > MAX_LOG_LINES || this.#chars > MAX_LOG_CHARS;
  }

  async records(records: JobRecords): Promise<JobRecordsAnswer> {
    const { ctx, intake } = this.#deps;
    await ctx.ensure();
    const answer = await intake.accept({ records, runId: ctx.runId, fence: ctx.fence });
    this.#rows += answer.accepted;
    this.#commits += 1;
    return answer;
  }

  async saveState(state: JsonValue): Promise<void> {
    const { ctx } = this.#deps;
    if (!ctx.saveState) throw new UnsupportedError('this runtime keeps no state of jobs');
    await ctx.ensure();
    await ctx.saveState(state);
  }

  /** The last word: how much was said beyond what the log took. */
  close(): void {
    if (this.#isFlooded())
      this.#deps.ctx.log.warn('job.said_too_much', {
        lines: this.#lines,
        chars: this.#chars,
        kept: `the first ${MAX_LOG_LINES} lines or ${MAX_LOG_CHARS} characters`,
      });
  }
}
