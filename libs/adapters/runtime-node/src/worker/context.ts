import type * as Util from 'node:util';
import type { JobCall, JobLogLevel } from '@kairos/ports';
import type { TaskAnswer, TaskContext, TaskRecords } from '../task-context.ts';

/** What the worker does for a context. */
export interface Outside {
  log(level: JobLogLevel, what: readonly unknown[]): void;
  saveState(state: unknown): Promise<void>;
  records(records: TaskRecords): Promise<TaskAnswer>;
}

/** A call, as its task sees it. */
export function contextOf(call: JobCall, signal: AbortSignal, outside: Outside): TaskContext {
  let state: unknown = call.state;
  const say =
    (level: JobLogLevel) =>
    (...what: unknown[]): void =>
      outside.log(level, what);
  return {
    task: { id: call.taskId, name: call.taskName, type: call.taskType },
    runId: call.runId,
    slot: new Date(call.slot),
    attempt: call.attempt,
    deadline: new Date(call.deadline),
    signal,
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    get state() {
      return state;
    },
    async saveState(next) {
      await outside.saveState(next);
      state = next;
    },
    records: (records) => outside.records(records),
  };
}

/** A line of the log, as `console.log` would write it, cut where it is very long. */
export function formatLine(load: NodeJS.Require, what: readonly unknown[]): string {
  const { format }: typeof Util = load('node:util');
  const text = format(...what);
  const most = 8_192;
  return text.length <= most ? text : `${text.slice(0, most)} … (${text.length - most} more)`;
}
