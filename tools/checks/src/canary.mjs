import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { ROOT } from './workspace.mjs';

const PROJECT = 'tasks';
const FILE = 'libs/tasks/src/boundary-canary.ts';
const TEXT = `import { readFileSync } from 'node:fs';
import { Container } from 'inversify';
import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { parseRuntimeConfig } from '@kairos/config';
export const planted = [readFileSync, Container, AlwaysOpenCalendar, parseRuntimeConfig];
`;

/** Line of the planted file → the rule that must refuse it. */
const EXPECTED = [
  { line: 1, rule: 'no-restricted-imports', what: 'a module of the platform in a room' },
  { line: 2, rule: '@nx/enforce-module-boundaries', what: 'the container in a room' },
  { line: 3, rule: '@nx/enforce-module-boundaries', what: 'an adapter in a room' },
  { line: 4, rule: '@nx/enforce-module-boundaries', what: 'a room in another room' },
];

/** The environment without what a surrounding Nx run put into it for its own task. */
function cleanEnvironment() {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('NX_'));
  return {
    ...Object.fromEntries(own),
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
    NX_TUI: 'false',
    CI: 'true',
  };
}

const remove = () => rmSync(`${ROOT}${FILE}`, { force: true });

function lint() {
  const nx = `${ROOT}node_modules/.bin/nx`;
  const args = ['run', `${PROJECT}:lint`, '--skip-nx-cache', '--output-style=stream'];
  const run = spawnSync(nx, args, { cwd: ROOT, env: cleanEnvironment(), encoding: 'utf8' });
  return { failed: run.status !== 0, output: stripVTControlCharacters(`${run.stdout}\n${run.stderr}`) };
}

/**
 * Plants forbidden imports in a room and runs the very target that CI runs. Without a project graph the boundary rule
 * skips itself, prints a warning and passes: then nothing else would notice that the boundaries no longer hold.
 */
export function checkCanary() {
  const stop = () => {
    remove();
    process.exit(1);
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    writeFileSync(`${ROOT}${FILE}`, TEXT);
    const { failed, output } = lint();
    const refused = ({ line, rule }) => new RegExp(`\\s${line}:\\d+\\s+error\\s.*${rule}`).test(output);
    const missed = EXPECTED.filter((planted) => !refused(planted));
    if (missed.length === 0 && failed) return [];
    return [
      ...missed.map(({ what, rule }) => `lint does not refuse ${what} (${rule})`),
      ...(failed ? [] : [`lint passes although ${FILE} breaks the boundaries`]),
      `lint said: ${output.trim()}`,
    ];
  } finally {
    remove();
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
