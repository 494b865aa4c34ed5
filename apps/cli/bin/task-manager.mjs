#!/usr/bin/env node
import { runBuilt } from './built.mjs';

await runBuilt('task-manager', 'task-manager.js');
