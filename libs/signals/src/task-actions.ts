import { ConflictError, DEFAULT_TASK_CONFIG, ValidationError, type Issue, type Task } from '@kairos/domain';
import type { TaskFilter, TaskSummaryPage } from '@kairos/ports';
import { defineAction, type ActionContext, type ReplyData } from './action.ts';
import { scheduleRemarks } from './check-schedule.ts';
import { checkTask } from './check-task.ts';
import { DEFAULT_LIST } from './fields.ts';
import { SIGNAL_SCHEMAS, TASK_FIELDS, type Signal } from './schemas.ts';
import { contentOf, patchOf, questionAfter, questionOf, type WireTaskFields } from './task-fields.ts';
import { runView, taskSummary, taskView } from './task-views.ts';

const rulesOf = (context: ActionContext) => ({
  sources: context.deps.sources,
});

/** Create: history counts even when it is not named. */
function checkNew(good: WireTaskFields, context: ActionContext): Issue[] {
  const question = questionOf(good, context.now);
  return checkTask(
    { ...question, historyDays: question.historyDays ?? DEFAULT_TASK_CONFIG.historyDays },
    rulesOf(context),
  );
}

export const createTask = defineAction({
  schema: SIGNAL_SCHEMAS.create_task,
  configurable: true,
  check: checkNew,
  async run(signal, context) {
    const content = contentOf(signal, context);
    for (const remark of scheduleRemarks(content)) context.remark('schedule', remark);
    const { task, created } = await context.deps.tasks.create({
      taskId: signal.task_id ?? undefined,
      content,
    });
    const again = created ? {} : { created };
    return { task_id: task.taskId, status: task.status, message: context.say('task_created'), ...again };
  },
});

/** How often an update is tried again when the task changed between looking and writing. */
const UPDATE_TRIES = 5;

const isRevConflict = (error: unknown): boolean =>
  error instanceof ConflictError && error.code === 'REV_CONFLICT';

/**
 * The change is judged against the task as it stands and written only upon that same revision: two changes, each fine by
 * itself, cannot add up to a task that no source can serve.
 */
async function updateOnce(signal: Signal<'update_task'>, context: ActionContext): Promise<Task> {
  const { queries, tasks } = context.deps;
  const { task } = await queries.view({ taskId: signal.task_id });
  const { task_id: taskId, expected_rev } = signal;
  // A declared task refuses whatever the change would be: what is wrong with it is beside the point.
  if (task.origin === 'config')
    return tasks.update({ taskId, patch: {}, expectedRev: expected_rev ?? undefined });
  const patch = patchOf(signal, task, context);
  const issues = checkTask(questionAfter(task, patch, context.now), rulesOf(context));
  if (issues.length > 0) throw new ValidationError(issues);
  return tasks.update({ taskId, patch, expectedRev: expected_rev ?? task.rev });
}

/** Whether the signal says anything about when the task runs. */
const timeOfRun = ({ schedule, timezone }: Signal<'update_task'>): boolean =>
  schedule !== undefined || timezone !== undefined;

async function update(signal: Signal<'update_task'>, context: ActionContext): Promise<Task> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await updateOnce(signal, context);
    } catch (error) {
      const callerDecides = typeof signal.expected_rev === 'number';
      if (callerDecides || tries >= UPDATE_TRIES || !isRevConflict(error)) throw error;
    }
  }
}

export const updateTask = defineAction({
  schema: SIGNAL_SCHEMAS.update_task,
  configurable: true,
  check(good, context, sent) {
    const changes = TASK_FIELDS.some((field) => Object.hasOwn(sent, field));
    const empty: Issue[] = changes ? [] : [{ path: '', code: 'update_empty', params: {} }];
    return [
      ...empty,
      ...checkTask({ ...questionOf(good, context.now), historyDays: undefined }, rulesOf(context)),
    ];
  },
  async run(signal, context) {
    const task = await update(signal, context);
    if (timeOfRun(signal)) for (const remark of scheduleRemarks(task)) context.remark('schedule', remark);
    return { task_id: task.taskId, status: task.status, message: context.say('task_updated'), rev: task.rev };
  },
});

export const deleteTask = defineAction({
  schema: SIGNAL_SCHEMAS.delete_task,
  async run({ task_id }, context) {
    await context.deps.tasks.remove({ taskId: task_id });
    return { task_id, message: context.say('task_deleted') };
  },
});

export const startTask = defineAction({
  schema: SIGNAL_SCHEMAS.start_task,
  async run({ task_id }, context) {
    const task = await context.deps.tasks.start({ taskId: task_id });
    return { task_id: task.taskId, status: task.status, message: context.say('task_started') };
  },
});

export const stopTask = defineAction({
  schema: SIGNAL_SCHEMAS.stop_task,
  async run({ task_id }, context) {
    const task = await context.deps.tasks.stop({ taskId: task_id });
    return { task_id: task.taskId, status: task.status, message: context.say('task_stopped') };
  },
});

export const runTask = defineAction({
  schema: SIGNAL_SCHEMAS.run_task,
  async run({ task_id, request_id }, context) {
    const requestId = request_id ?? context.deliveryId;
    const { runId, task } = await context.deps.tasks.run({ taskId: task_id, requestId });
    return { task_id: task.taskId, status: task.status, run_id: runId, message: context.say('run_ordered') };
  },
});

export const getTaskStatus = defineAction({
  schema: SIGNAL_SCHEMAS.get_task_status,
  async run({ task_id }, context) {
    const view = await context.deps.queries.view({ taskId: task_id });
    return { ...taskView(view), message: context.say('task_status') };
  },
});

const filterOf = (s: Signal<'list_tasks'> | Signal<'search_tasks'>): TaskFilter => ({
  projectId: s.project_id ?? undefined,
  status: s.status ?? undefined,
  dataset: s.dataset ?? undefined,
  dataType: s.data_type ?? undefined,
  source: s.source ?? undefined,
});

const pageOf = (s: {
  readonly limit?: number | null | undefined;
  readonly cursor?: string | null | undefined;
}) => ({
  limit: s.limit ?? DEFAULT_LIST,
  cursor: s.cursor ?? undefined,
});

const nextCursor = (next: string | undefined): ReplyData => (next === undefined ? {} : { next_cursor: next });

const tasksView = (page: TaskSummaryPage): ReplyData => ({
  tasks: page.items.map(taskSummary),
  total: page.total,
  ...nextCursor(page.next),
});

export const listTasks = defineAction({
  schema: SIGNAL_SCHEMAS.list_tasks,
  async run(signal, context) {
    return tasksView(await context.deps.queries.list({ filter: filterOf(signal), ...pageOf(signal) }));
  },
});

export const searchTasks = defineAction({
  schema: SIGNAL_SCHEMAS.search_tasks,
  async run(signal, context) {
    const asked = { query: signal.query, filter: filterOf(signal), ...pageOf(signal) };
    return tasksView(await context.deps.queries.search(asked));
  },
});

export const listRuns = defineAction({
  schema: SIGNAL_SCHEMAS.list_runs,
  async run(signal, context) {
    const page = await context.deps.queries.runs({ taskId: signal.task_id, ...pageOf(signal) });
    return { runs: page.items.map(runView), ...nextCursor(page.next) };
  },
});
