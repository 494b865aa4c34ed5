import type { CheckedTask, TaskFunction } from '../task-context.ts';

/** A task type as it stands in a module's `tasks`. */
export type KnownTask = TaskFunction<unknown> | CheckedTask<unknown>;

/** The task types of a module, by name. @throws Error that says what is wrong with the module */
export function tasksOf(module: {
  readonly tasks?: unknown;
  readonly default?: unknown;
}): Map<string, KnownTask> {
  const isTask = (task: unknown): task is KnownTask =>
    typeof task === 'function' ||
    (typeof task === 'object' && task !== null && 'run' in task && typeof task.run === 'function');
  // CommonJS modules show all that they export as their default.
  const inner: { readonly tasks?: unknown } = Object(module.default);
  const tasks = module.tasks ?? inner.tasks;
  if (typeof tasks !== 'object' || tasks === null)
    throw new Error('it exports no `tasks`: export const tasks = { my_task: async (ctx, params) => … }');
  const entries = Object.entries(tasks).map(([name, task]): [string, KnownTask] => {
    if (!isTask(task)) throw new Error(`its task ${name} is neither a function nor { params, run }`);
    return [name, task];
  });
  return new Map(entries);
}

/** The params as the task's schema gives them back. @throws Error with code `JOB_PARAMS` that names each wrong field */
export async function checkParams(task: KnownTask, params: unknown): Promise<unknown> {
  if (typeof task === 'function' || task.params === undefined) return params;
  const verdict = await task.params['~standard'].validate(params);
  if (verdict.issues === undefined) return verdict.value;
  const problems = verdict.issues.map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
    return `params${keys.map((key) => `.${key}`).join('')}: ${message}`;
  });
  throw Object.assign(new Error(problems.join('; ')), { code: 'JOB_PARAMS' });
}
