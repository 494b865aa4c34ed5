import { start } from './start.ts';

await start('task-manager');
