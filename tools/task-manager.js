#!/usr/bin/env node
// `node tools/task-manager.js list`: the same as `npx task-manager list`.
import { runBuilt } from '../apps/cli/bin/built.mjs';

await runBuilt('task-manager', 'task-manager.js');
