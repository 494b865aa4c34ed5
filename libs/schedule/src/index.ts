export { checkSchedule, type ScheduleCheck, type WrittenSchedule } from './check.ts';
export { explainSchedule } from './explain.ts';
export { parseSchedule, ratePeriod, type ParsedSchedule } from './parse.ts';
export type { Remark } from './refuse.ts';
export {
  resolveSchedule,
  SCHEDULE_TARGETS,
  type ScheduleResolution,
  type ScheduleTarget,
} from './resolve.ts';
export { fromScf, toScf, type FromScf, type ScfTimer } from './scf.ts';
export { scheduleOf, SETTLE_DELAY_MS, type Schedule, type SlotCalendar } from './schedule.ts';
export { nextSlots, shortestInterval } from './slots.ts';
export { SCHEDULE_CODES, scheduleText, type ScheduleLocale } from './texts.ts';
export { isTimezone } from './timezone.ts';
