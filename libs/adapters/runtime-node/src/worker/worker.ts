import type * as Threads from 'node:worker_threads';
import type { JobCall, JobRecordsAnswer } from '@kairos/ports';
import type { WorkerNotice, WorkerOrder } from '../messages.ts';
import type { Channel } from './channel.ts';
import type { contextOf, formatLine, Outside } from './context.ts';
import type { endOf, failed, Failure, KnownError } from './endings.ts';
import type { framesOf } from './frames.ts';
import type { plainJson } from './plain-json.ts';
import type { checkParams, tasksOf } from './registry.ts';

export interface WorkerParts {
  readonly openChannel: (load: NodeJS.Require, maxBytes: number) => Channel;
  readonly contextOf: typeof contextOf;
  readonly formatLine: typeof formatLine;
  readonly endOf: typeof endOf;
  readonly failed: typeof failed;
  readonly framesOf: typeof framesOf;
  readonly plainJson: typeof plainJson;
  readonly checkParams: typeof checkParams;
  readonly tasksOf: typeof tasksOf;
  /** Program of the thread that watches over the process. */
  readonly guard: string;
}

/** One order, from its first message to the end of the process. Everything a job may do ends here, told once. */
export function worker(
  load: NodeJS.Require,
  bring: (url: string) => Promise<{ readonly tasks?: unknown; readonly default?: unknown }>,
  parts: WorkerParts,
): void {
  const { Worker }: typeof Threads = load('node:worker_threads');
  const channel = parts.openChannel(load, 1_048_576);
  const mostBytes = 900_000;
  const mostLines = 10_000;
  const stop = new AbortController();
  const known = new WeakMap<object, KnownError>();
  const asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  const pending = new Set<Promise<unknown>>();
  let queue: Promise<unknown> = Promise.resolve();
  let seq = 0;
  let lines = 0;
  let over = false;

  /** Pipes are written to behind the program's back: what it printed last must be out before it ends. */
  const printed = (): Promise<unknown> =>
    Promise.all([process.stdout, process.stderr].map((out) => new Promise((done) => out.write('', done))));

  const finish = (end: object): void => {
    if (over) return;
    over = true;
    void printed().then(() => {
      if (lines > mostLines)
        channel.write({ t: 'log', level: 'warn', message: `… ${lines - mostLines} lines more, not kept` });
      try {
        channel.write({ t: 'end', ...end });
      } catch (error) {
        channel.write({ t: 'end', ...parts.failed('JOB_FRAME', String(error), false) });
      }
      process.exit(0);
    });
  };

  /** Errors of ours, that tell what they are wherever they come out. */
  const told = (error: unknown): unknown => {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'JOB_FRAME' || error.code === 'JOB_PARAMS')
    )
      known.set(error, { code: error.code, permanent: error.code === 'JOB_PARAMS' });
    return error;
  };
  const endBy = (error: unknown): void => {
    const isObject = typeof error === 'object' && error !== null;
    finish(parts.endOf(error, isObject ? known.get(error) : undefined));
  };

  /** One message that wants an answer. They go one after another, so that a job never outruns the store. */
  const ask = (message: () => object): Promise<unknown> => {
    const answer = queue.then(
      () =>
        new Promise((resolve, reject) => {
          seq += 1;
          asked.set(seq, { resolve, reject });
          try {
            channel.write({ ...message(), seq });
          } catch (error) {
            asked.delete(seq);
            reject(told(error));
          }
        }),
    );
    queue = answer.catch(() => undefined);
    pending.add(queue);
    return answer;
  };

  const outside: Outside = {
    log(level, what) {
      lines += 1;
      if (lines <= mostLines && !over)
        channel.write({ t: 'log', level, message: parts.formatLine(load, what) });
    },
    async saveState(state) {
      try {
        const value = parts.plainJson(state, 'the state', mostBytes);
        await ask(() => ({ t: 'state', state: value }));
      } catch (error) {
        throw told(error);
      }
    },
    async records(given) {
      try {
        const frames = parts.framesOf(given, mostBytes);
        let accepted = 0;
        const findings: JobRecordsAnswer['findings'][number][] = [];
        for (const records of frames) {
          const answer = (await ask(() => ({ t: 'records', records }))) as JobRecordsAnswer;
          accepted += answer.accepted;
          findings.push(...answer.findings);
        }
        return { accepted, findings };
      } catch (error) {
        throw told(error);
      }
    },
  };

  const bringTasks = async (url: string, name: string): Promise<ReturnType<typeof tasksOf> | Failure> => {
    try {
      return parts.tasksOf(await bring(url));
    } catch (error) {
      const end = parts.endOf(error, undefined);
      return {
        ...end,
        code: 'JOB_FUNCTION_BROKEN',
        permanent: true,
        message: `${name} cannot be loaded: ${end.message}`,
      };
    }
  };

  const run = async (url: string, call: JobCall): Promise<void> => {
    const tasks = await bringTasks(url, call.function);
    if (!(tasks instanceof Map)) return finish(tasks);
    const task = tasks.get(call.taskType);
    const types = [...tasks.keys()].join(', ');
    if (task === undefined)
      return finish(
        parts.failed(
          'JOB_TYPE_UNKNOWN',
          `${call.function} has no task type ${JSON.stringify(call.taskType)}; it has ${types || 'none'}`,
          true,
        ),
      );
    try {
      const params = await parts.checkParams(task, call.params);
      const context = parts.contextOf(call, stop.signal, outside);
      const result: unknown = await (typeof task === 'function'
        ? task(context, params)
        : task.run(context, params));
      // What the job did not wait for is answered all the same, and what went wrong there comes out.
      while (pending.size > 0) for (const one of pending) await one.then(() => pending.delete(one));
      await new Promise((resolve) => setImmediate(resolve));
      finish({ ok: true, result: parts.plainJson(result, 'the result', mostBytes) });
    } catch (error) {
      endBy(told(error));
    }
  };

  const begin = (order: WorkerOrder): void => {
    const watch = new Worker(parts.guard, {
      eval: true,
      env: {},
      execArgv: [],
      workerData: { mostBytes: order.most },
    });
    watch.unref();
    if (order.t === 'run') return void run(order.url, order.call);
    void bringTasks(order.url, order.function).then((tasks) =>
      finish(tasks instanceof Map ? { ok: true, result: [...tasks.keys()] } : tasks),
    );
  };

  const notice = (message: WorkerNotice): void => {
    if (message.t === 'stop') {
      stop.abort(
        Object.assign(new Error(`the run was told to stop: ${message.code}`), { code: message.code }),
      );
      return;
    }
    const waiting = asked.get(message.seq);
    asked.delete(message.seq);
    if (message.t === 'ack') return waiting?.resolve(message.answer);
    const error = Object.assign(new Error(message.message), { code: message.code });
    known.set(error, { code: message.code, permanent: false, refused: message.seq });
    waiting?.reject(error);
  };

  process.on('uncaughtException', endBy);
  process.on('unhandledRejection', endBy);
  channel.listen((message) =>
    message.t === 'run' || message.t === 'inspect' ? begin(message) : notice(message),
  );
}
