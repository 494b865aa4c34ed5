import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const DIST = new URL('dist/apps/cli/', ROOT);

/** Builds the command line where it was never built. False: that did not work, and it was said why. */
function build(name) {
  process.stderr.write(`${name}: not built yet, building the command line once\n`);
  const built = spawnSync(process.execPath, ['apps/cli/build.mjs'], {
    cwd: fileURLToPath(ROOT),
    encoding: 'utf8',
  });
  if (built.status === 0) return true;
  const why = /Cannot find package/.test(built.stderr) ? 'run npm ci first' : built.stderr.trim();
  process.stderr.write(`${name}: it does not build: ${why}\n`);
  return false;
}

/** Runs the built command line under one of its names. */
export async function runBuilt(name, entry) {
  const main = new URL(entry, DIST);
  if (existsSync(main) || build(name)) await import(main.href);
  else process.exitCode = 2;
}
