import type { FileProblem, ScheduledEntry } from '@kairos/config';
import { nearestName, type JobLanguage, type JobSpec } from '@kairos/domain';
import type { FunctionLook, TaskRuntime } from '@kairos/ports';
import { placeIn } from './places.ts';
import type { Desk, ReadTasks } from './tasks-file.ts';
import { tell } from './texts.ts';

/** Why a function could not be looked at that says nothing about the function: its language is not there, or not ready. */
const NOT_HERE = ['JOB_RUNTIME_MISSING', 'JOB_RUNTIME_PREPARING'];

interface Asked {
  readonly job: JobSpec;
  readonly entries: readonly ScheduledEntry[];
}

/** Each function once, with the tasks that want it. */
function functionsOf(entries: readonly ScheduledEntry[]): readonly Asked[] {
  const asked = new Map<string, Asked>();
  for (const entry of entries) {
    const { job } = entry.declaration.content;
    if (job === null) continue;
    const key = `${job.language} ${job.function}`;
    asked.set(key, { job, entries: [...(asked.get(key)?.entries ?? []), entry] });
  }
  return [...asked.values()];
}

/** Writes down what is wrong with a task's function or task type. */
class Judge {
  readonly #desk: Desk;
  readonly #text: string;

  constructor(desk: Desk, text: string) {
    this.#desk = desk;
    this.#text = text;
  }

  problem(
    entry: ScheduledEntry,
    p: Pick<FileProblem, 'severity' | 'code' | 'message' | 'remedy'> & { readonly at: readonly string[] },
  ): FileProblem {
    const { at, ...told } = p;
    const index = Number(/^tasks\[(\d+)\]/.exec(entry.schedulePlace.path)?.[1] ?? 0);
    const place = placeIn(this.#text, ['tasks', index, ...at]);
    const path = `tasks[${index}].${at.join('.')}`;
    return { ...told, file: this.#desk.file, ...place, path, task: entry.name };
  }

  look(asked: Asked, look: FunctionLook): FileProblem[] {
    return asked.entries.flatMap((entry) =>
      look.ok ? this.#type(entry, look.taskTypes) : [this.#unusable(entry, look)],
    );
  }

  #type(entry: ScheduledEntry, known: readonly string[]): FileProblem[] {
    const { job } = entry.declaration.content;
    if (!job || known.includes(job.taskType)) return [];
    const { language } = this.#desk;
    const meant = nearestName(job.taskType, known);
    const near =
      meant === undefined || known.length === 1 ? '' : tell('didYouMean', language, { near: meant });
    const words = { function: job.function, language: job.language, type: job.taskType };
    return [
      this.problem(entry, {
        severity: 'error',
        code: 'JOB_TYPE_UNKNOWN',
        at: ['config', 'taskType'],
        message: tell('handlerType', language, words),
        remedy:
          known.length === 0
            ? tell('handlerTypeNone', language)
            : tell('handlerTypeMend', language, { known: known.join(', '), near }),
      }),
    ];
  }

  #unusable(entry: ScheduledEntry, look: FunctionLook & { readonly ok: false }): FileProblem {
    const { language, loaded } = this.#desk;
    const { job } = entry.declaration.content;
    const words = { function: job?.function ?? '', language: job?.language ?? '', why: look.reason };
    const missing = look.code === 'JOB_FUNCTION_MISSING';
    return this.problem(entry, {
      severity: 'error',
      code: look.code,
      at: ['function'],
      message: tell('handlerLook', language, words),
      remedy: missing
        ? tell('handlerLookMend', language, { dir: loaded.config.functions.dir })
        : tell('handlerBrokenMend', language),
    });
  }
}

/** What the functions say of the task types that are wanted of them. */
export interface HandlerVerdict {
  readonly problems: readonly FileProblem[];
  /** What could not be asked, in words. */
  readonly unchecked: readonly string[];
}

/** Asks each function what task types it knows; runs none. Never rejects for what a function does. */
export async function checkHandlers(
  desk: Desk,
  read: ReadTasks,
  runtimes: ReadonlyMap<JobLanguage, Pick<TaskRuntime, 'inspect'>>,
): Promise<HandlerVerdict> {
  const judge = new Judge(desk, read.text);
  const problems: FileProblem[] = [];
  const unchecked = new Map<string, string>();
  for (const asked of functionsOf(read.entries)) {
    const { language, function: name } = asked.job;
    const look = await runtimes.get(language)?.inspect({ function: name });
    if (look === undefined || (!look.ok && NOT_HERE.includes(look.code))) {
      const why = look === undefined || look.ok ? language : look.reason;
      unchecked.set(why, tell('unchecked', desk.language, { what: language, why }));
    } else problems.push(...judge.look(asked, look));
  }
  return { problems, unchecked: [...unchecked.values()] };
}
