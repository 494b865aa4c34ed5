// Plants one bug at a time in a private copy of the sources, and runs the tests that should notice. A bug that no test
// notices is a hole in the suite. Prints which test caught which bug; exits non-zero when one survived.
//   node tools/evidence/src/planted-bugs.mjs [PART OF A NAME]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUGS } from './bugs.mjs';
import { privateCopy } from './private-copy.mjs';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

/** What failed, as `file: test`, by file; undefined where the runner left no report. */
function failuresOf(run, dir) {
  try {
    const report = JSON.parse(run.stdout.slice(run.stdout.indexOf('{"')));
    const failed = report.testResults.filter((suite) => suite.status === 'failed');
    return new Map(
      failed.map((suite) => {
        const file = suite.name.replace(`${dir}/`, '');
        const test = suite.assertionResults.find((one) => one.status === 'failed');
        return [file, `${file}: ${test ? test.fullName : suite.message.split('\n')[0]}`];
      }),
    );
  } catch {
    return undefined;
  }
}

function vitest(copy, tests, ...more) {
  const run = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', ...tests, '--reporter=json', ...more],
    { cwd: copy.dir, env: { ...process.env, ...copy.env }, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  return { status: run.status, failures: failuresOf(run, copy.dir) };
}

/** `caught`, by which test; `survived`; or `stale`: the bug can no longer be planted, or its tests do not run. */
function plant(copy, bug, unsound) {
  const missing = bug.tests.filter((test) => !existsSync(join(copy.dir, test)));
  if (missing.length > 0) return { verdict: 'stale', by: `there is no ${missing[0]}` };
  const failing = bug.tests.find((test) => [...unsound.keys()].some((file) => file.startsWith(test)));
  if (failing) return { verdict: 'stale', by: `without any bug, ${failing} fails already` };
  const path = join(copy.dir, bug.file);
  const source = readFileSync(path, 'utf8');
  if (source.split(bug.from).length !== 2)
    return { verdict: 'stale', by: `the line to break is not in ${bug.file} exactly once` };
  try {
    writeFileSync(
      path,
      source.replace(bug.from, () => bug.to),
    );
    const { status, failures } = vitest(copy, bug.tests, '--bail=1', ...(bug.match ? ['-t', bug.match] : []));
    if (status === 0) return { verdict: 'survived', by: bug.tests.join(', ') };
    const [failure] = failures?.values() ?? [];
    return failure ? { verdict: 'caught', by: failure } : { verdict: 'stale', by: 'the tests could not run' };
  } finally {
    writeFileSync(path, source);
  }
}

const wanted = process.argv[2] ?? '';
const bugs = BUGS.filter((bug) => bug.name.includes(wanted));
const copy = privateCopy(ROOT);
process.on('exit', () => copy.remove());
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

// Tests that fail without a bug prove nothing.
const unsound = vitest(copy, [...new Set(bugs.flatMap((bug) => bug.tests))]).failures;
if (!unsound) {
  console.log('without any bug, the tests do not run');
  process.exit(1);
}
const rows = bugs.map((bug) => {
  const began = Date.now();
  const row = { name: bug.name, ...plant(copy, bug, unsound) };
  console.log(`${row.verdict.padEnd(9)} ${row.name}`);
  console.log(`          ${row.by}   (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
  return row;
});
const caught = rows.filter((row) => row.verdict === 'caught').length;
console.log('\n| planted bug | caught by |\n| --- | --- |');
for (const row of rows) console.log(`| ${row.name} | ${row.verdict === 'caught' ? row.by : row.verdict} |`);
console.log(`\n${caught} of ${rows.length} planted bugs were caught`);
process.exitCode = caught === rows.length && rows.length > 0 ? 0 : 1;
