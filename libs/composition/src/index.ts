export { roomsModule } from './rooms.module.ts';
export { T, type Settings } from './tokens.ts';
