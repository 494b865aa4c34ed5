import { start } from './start.ts';

await start('kairos');
