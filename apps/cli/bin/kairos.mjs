#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../../../dist/apps/cli/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('kairos: not built yet; in the repository run: npx nx build cli\n');
  process.exitCode = 2;
}
