// Two tasks to begin with. See docs/guides/write-a-task.md.
//
// A task is a function under its task type in `tasks`. It is called with the context of its run and with the params of its
// task, and answers what shall be recorded as the run's result.

/** Logs the current time and answers it, beside the slot: the instant that the run stands for, however late it runs. */
export function simple_task_1(ctx) {
  const timestamp = new Date().toISOString();
  ctx.log.info(`now it is ${timestamp}`);
  return { timestamp, slot: ctx.slot.toISOString() };
}

/** Echoes the event: the params of the task, and the run that it was called for. */
export function simple_task_2(ctx, params) {
  const event = {
    task: ctx.task.name,
    taskType: ctx.task.type,
    slot: ctx.slot.toISOString(),
    attempt: ctx.attempt,
    params,
  };
  ctx.log.info(`event ${JSON.stringify(event)}`);
  return event;
}

export const tasks = { simple_task_1, simple_task_2 };
