export { openCalendars, type CalendarSettings } from './configured-calendars.ts';
export { openSources, prepareSources, type PreparedSources } from './configured-sources.ts';
export { roomsModule } from './rooms.module.ts';
export { T, type Settings } from './tokens.ts';
export { openRuntimes, type Runtimes } from './configured-runtimes.ts';
