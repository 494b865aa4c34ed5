export { openSources, prepareSources, type PreparedSources } from './configured-sources.ts';
export { roomsModule } from './rooms.module.ts';
export { T, type Settings } from './tokens.ts';
