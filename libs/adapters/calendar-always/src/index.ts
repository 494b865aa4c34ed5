export { AlwaysOpenCalendar } from './always-open-calendar.ts';
