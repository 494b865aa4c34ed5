export { ratePeriod, scheduleOf, SETTLE_DELAY_MS, type Schedule } from './schedule.ts';
