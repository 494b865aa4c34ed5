import type { Task, TaskContent } from '@kairos/domain';
import type { Calendars } from '@kairos/ports';
import { scheduleOf, type Schedule } from '@kairos/schedule';

/** The part of a task that its slots follow from. */
export type Scheduled = Pick<Task, keyof TaskContent | 'epochAt'>;

/** The schedule of a task, by the calendar of its source. */
export type Timing = (task: Scheduled) => Schedule;

export const timingOf =
  (calendars: Calendars | undefined): Timing =>
  (task) =>
    scheduleOf(task, task.job === null ? calendars?.of(task.source) : undefined);
