import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { readScheduledTasks, type FileProblem } from '@kairos/config';
import { ConfigError, type TaskDeclaration } from '@kairos/domain';
import type { Logger } from '@kairos/ports';
import type { DeclarationPlan, DeclaredTasks } from '@kairos/tasks';

export interface ScheduledTasksDeps {
  readonly path: string;
  readonly locale: 'en' | 'zh';
  readonly declared: DeclaredTasks;
  readonly log: Logger;
}

/** Far beyond what may stand in the file: what is longer is not even read. */
const MAX_BYTES = 32 * 1_048_576;
/** Opening a pipe would wait for its writer, and all that the server does with it. */
const LOOK = constants.O_RDONLY | constants.O_NONBLOCK;

const placeOf = (p: FileProblem): string => `${p.file}:${p.line}:${p.column}`;

/**
 * The file of declared tasks, brought into the store at the start and whenever it was edited. An edited file with errors
 * changes nothing: the tasks stay as they were, and the log says what is wrong until it is mended.
 */
export class ScheduledTasksFile {
  readonly #deps: ScheduledTasksDeps;
  /** As last brought in, or refused. */
  #known = '';
  /** As last looked at: a file is read once it has rested for a look, lest a half-written one be taken at its word. */
  #seen = '';
  /** Of which the log has the plan: a store that fails again and again must not fill it. */
  #told = '';

  constructor(deps: ScheduledTasksDeps) {
    this.#deps = deps;
  }

  /** At the start: all or nothing. @throws ConfigError naming line and remedy */
  async load(): Promise<void> {
    const { stamp, declarations, problems } = await this.#read();
    this.#known = this.#seen = stamp;
    const errors = problems.filter((p) => p.severity === 'error');
    if (errors.length > 0)
      throw new ConfigError(
        errors.map((p) => `${placeOf(p)} ${p.path}: ${p.message}; ${p.remedy}`).join('\n'),
        { file: this.#deps.path },
      );
    this.#report(problems);
    await this.#apply(declarations, true);
  }

  /** A look at the file; to be called again and again, never twice at once. */
  async step(): Promise<void> {
    const stamp = await this.#stamp().catch(() => 'gone');
    const rested = stamp === this.#seen;
    this.#seen = stamp;
    if (!rested || stamp === this.#known) return;
    this.#known = stamp;
    if (stamp === 'gone') {
      this.#deps.log.error('scheduled_tasks.gone', {
        file: this.#deps.path,
        remedy: 'put it back, as a file that can be read; its tasks go on as they were',
      });
      return;
    }
    try {
      await this.#follow();
    } catch (error) {
      // A store that failed takes the change once it works again.
      this.#known = '';
      throw error;
    }
  }

  async #follow(): Promise<void> {
    const { stamp, declarations, problems } = await this.#read();
    // Edited again since the look: the next one sees whether it rests.
    if (stamp !== this.#seen) return void (this.#known = '');
    this.#report(problems);
    if (problems.some((p) => p.severity === 'error'))
      this.#deps.log.error('scheduled_tasks.refused', {
        file: this.#deps.path,
        errors: problems.filter((p) => p.severity === 'error').length,
        remedy: 'tasks stay as they were until the file is mended',
      });
    else await this.#apply(declarations, false);
  }

  #stamp(): Promise<string> {
    return this.#open((_, stamp) => Promise.resolve(stamp));
  }

  /** @throws ConfigError when nothing stands there that can be read */
  async #open<T>(use: (file: FileHandle, stamp: string) => Promise<T>): Promise<T> {
    const { path } = this.#deps;
    const file = await open(path, LOOK).catch((error: NodeJS.ErrnoException) => {
      throw new ConfigError(`scheduled_tasks: ${path} cannot be read (${error.code ?? error.message})`, {
        file: path,
      });
    });
    try {
      const about = await file.stat();
      if (!about.isFile() || about.size > MAX_BYTES)
        throw new ConfigError(`scheduled_tasks: ${path} is no file of at most ${MAX_BYTES / 1_048_576} MiB`, {
          file: path,
        });
      return await use(file, `${about.ino}:${about.size}:${about.mtimeMs}`);
    } finally {
      await file.close();
    }
  }

  #read(): Promise<{
    readonly stamp: string;
    readonly declarations: readonly TaskDeclaration[];
    readonly problems: readonly FileProblem[];
  }> {
    const { path, locale } = this.#deps;
    return this.#open(async (file, stamp) => {
      const text = await file.readFile('utf8');
      const { entries, problems } = readScheduledTasks({ text, file: path, locale });
      return { stamp, declarations: entries.map((e) => e.declaration), problems };
    });
  }

  #report(problems: readonly FileProblem[]): void {
    for (const p of problems)
      this.#deps.log[p.severity === 'error' ? 'error' : 'warn']('scheduled_tasks.problem', {
        at: placeOf(p),
        path: p.path,
        message: p.message,
        remedy: p.remedy,
      });
  }

  async #apply(declarations: readonly TaskDeclaration[], retryFailed: boolean): Promise<void> {
    const { declared, log, path } = this.#deps;
    const plan = await declared.plan({ declarations, retryFailed });
    if (this.#told !== this.#seen) this.#tell(plan.actions);
    this.#told = this.#seen;
    const done = await declared.apply(plan);
    // What only the store knew: that there is no room for more tasks, or that a name was taken meanwhile.
    const foreseen = new Set(plan.actions.flatMap((a) => (a.kind === 'conflict' ? [a.taskId] : [])));
    const refused = done.actions.filter((a) => a.kind === 'conflict');
    this.#tell(refused.filter((a) => !foreseen.has(a.taskId)));
    log.info('scheduled_tasks.applied', {
      file: path,
      tasks: declarations.length,
      ...(refused.length === 0 ? {} : { refused: refused.length }),
    });
  }

  #tell(actions: DeclarationPlan['actions']): void {
    for (const { kind, taskId, reason } of actions)
      if (kind !== 'keep')
        this.#deps.log[kind === 'conflict' ? 'error' : 'info']('scheduled_tasks.plan', {
          task_id: taskId,
          action: kind,
          ...(reason === undefined ? {} : { reason }),
        });
  }
}
