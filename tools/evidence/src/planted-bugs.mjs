// Plants one bug at a time in the sources, runs the tests that should notice, and puts the source back. A bug that no
// test notices is a hole in the suite. Prints which test caught which bug; exits non-zero when one survived.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** `from` must stand in the file exactly once; `tests` are the folders whose tests should fail. */
const BUGS = [
  {
    name: 'writes without their version condition',
    file: 'libs/adapters/store-sqlite/src/sqlite-task-store.ts',
    from: "      if (row?.v !== p.expectedV) return { outcome: 'conflict', current: row && dueOf(row) };\n",
    to: '',
    tests: ['libs/adapters/store-sqlite'],
  },
  {
    name: 'writes without their version condition, in memory',
    file: 'libs/adapters/store-memory/src/memory-task-store.ts',
    from: "if (current?.v !== expectedV) return { outcome: 'conflict', current };",
    to: '',
    tests: ['libs/adapters/store-memory'],
  },
  {
    name: 'an absence stands over a row',
    file: 'libs/domain/src/coverage.ts',
    from: "case 'empty':\n      return 4;",
    to: "case 'empty':\n      return 9;",
    tests: ['libs/domain'],
  },
  {
    name: 'a commit that asks for no fence',
    file: 'libs/adapters/store-sqlite/src/sqlite-series-store.ts',
    from: 'checkFence(db, p.fence);',
    to: '',
    tests: ['libs/adapters/store-sqlite'],
  },
  {
    name: 'a lease that asks neither fence nor owner',
    file: 'libs/scheduler/src/lease.ts',
    from: '||\n      current.fence !== this.#due.fence ||\n      current.active.owner !== this.#due.active?.owner',
    to: '',
    tests: ['libs/scheduler'],
  },
  {
    name: 'a claim that takes any owner for its own',
    file: 'libs/scheduler/src/scheduler.ts',
    from: 'return current?.active?.owner === owner ? current : undefined;',
    to: 'return current;',
    tests: ['libs/composition'],
  },
  {
    name: 'an epoch that may repeat slots',
    file: 'libs/tasks/src/task-service.ts',
    from: 'due.cursor > now + CURSOR_DOUBT_MS ? now : Math.max(now, due.cursor + 1);',
    to: 'now;',
    tests: ['libs/tasks', 'libs/composition'],
  },
  {
    name: 'series keys without their realm',
    file: 'libs/domain/src/series.ts',
    from: '[s.realm, s.source,',
    to: '[s.source,',
    tests: ['libs/adapters/store-memory', 'libs/series', 'libs/domain'],
  },
  {
    name: 'one read is enough for an absence',
    file: 'libs/collectors/src/plan.ts',
    from: 'export const CONFIRMING_READS = 3;',
    to: 'export const CONFIRMING_READS = 1;',
    tests: ['libs/collectors'],
  },
  {
    name: 'a shortened page is believed at its ends',
    file: 'libs/collectors/src/judge.ts',
    from: 'const unanswered = missing.flatMap((range) => subtractRanges(range, absent));',
    to: 'const unanswered: TimeRange[] = [];',
    tests: ['libs/collectors'],
  },
  {
    name: 'a settled value changes at first sight',
    file: 'libs/domain/src/part.ts',
    from: "if (a?.state === 'present' && b?.state === 'present') return 'conflict';",
    to: "if (a?.state === 'present' && b?.state === 'present') return 'incoming';",
    tests: ['libs/domain'],
  },
  {
    name: 'our own clock alone decides what is final',
    file: 'libs/collectors/src/collect.ts',
    from: 'return venue === undefined ? own : Math.min(venue, own);',
    to: 'return own;',
    tests: ['libs/collectors'],
  },
  {
    name: 'the outcome is put on record after the due item is gone',
    file: 'libs/scheduler/src/scheduler.ts',
    from: '      await this.#record(task.uid, run, due.fence, settlement.outcome, result);\n',
    to: '',
    tests: ['libs/composition'],
  },
  {
    name: 'compaction forgets what it moved',
    file: 'libs/adapters/store-sqlite/src/commit-blocks.ts',
    from: 'tables.writeChunk(',
    to: 'void (',
    tests: ['libs/adapters/store-sqlite'],
    optional: true,
  },
];

const wanted = process.argv[2];
let survivors = 0;
for (const bug of BUGS) {
  if (wanted && !bug.name.includes(wanted)) continue;
  const source = readFileSync(bug.file, 'utf8');
  if (source.split(bug.from).length !== 2) {
    if (bug.optional) continue;
    console.log(`STALE     ${bug.name}: the line to break is not in ${bug.file} exactly once`);
    survivors += 1;
    continue;
  }
  let run;
  try {
    writeFileSync(bug.file, source.replace(bug.from, bug.to));
    run = spawnSync('npx', ['vitest', 'run', ...bug.tests, '--reporter=json', '--bail=1'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
  } finally {
    writeFileSync(bug.file, source);
  }
  const caught = [];
  try {
    const report = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')));
    for (const suite of report.testResults)
      for (const test of suite.assertionResults) if (test.status === 'failed') caught.push(test.fullName);
    if (caught.length === 0 && !report.success)
      caught.push(
        report.testResults.find((s) => s.status === 'failed')?.message.split('\n')[0] ??
          'a suite that could not run',
      );
  } catch {
    caught.push('the runner itself');
  }
  if (run.status === 0) survivors += 1;
  console.log(
    `${run.status === 0 ? 'SURVIVED ' : 'caught   '} ${bug.name}${run.status === 0 ? '' : `\n            by: ${caught[0]}`}`,
  );
}
console.log(`${survivors} of the planted bugs survived`);
process.exitCode = survivors === 0 ? 0 : 1;
