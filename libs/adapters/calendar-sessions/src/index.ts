export { CFFEX } from './cffex.ts';
export {
  type CalendarFacts,
  type CivilDate,
  type Holiday,
  type SessionHours,
  type SessionRule,
  type SpecialDay,
  type Weekday,
} from './facts.ts';
export { parseCalendar } from './parse-calendar.ts';
export { SessionCalendar, sessionCalendar } from './session-calendar.ts';
export { SSE } from './sse.ts';
