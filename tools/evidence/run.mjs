// nx evidence: the promises at full figures, one after another. `node tools/evidence/run.mjs [NAME…]` runs some of them.
import { spawnSync } from 'node:child_process';

const vitest = (...args) => ['npx', ['vitest', 'run', ...args]];
const PROOFS = [
  {
    name: 'crash-points',
    says: 'jobs die at each of their calls, in every way, over both stores',
    run: vitest('libs/composition/src/crash-points.test.ts'),
    env: { KAIROS_TEST_CRASH_STRIDE: '1' },
  },
  {
    name: 'kills',
    says: '200 random kills of the real server',
    run: vitest('apps/standalone/test/kill.e2e.test.ts'),
    env: { KAIROS_TEST_KILLS: '200' },
  },
  {
    name: 'machines',
    says: 'frozen workers, wrong clocks, full disks, and store files taken away',
    run: vitest(
      ...['frozen', 'clock', 'disk-full', 'store-file'].map((f) => `apps/standalone/test/${f}.e2e.test.ts`),
    ),
    env: { KAIROS_TEST_FREEZE: '1' },
  },
  {
    name: 'faults',
    says: 'a venue that misbehaves one time in ten, in each way and in all at once, ten seeds',
    run: vitest('libs/composition/src/faults.test.ts'),
    env: { KAIROS_TEST_FAULT_SEEDS: '10' },
  },
  {
    name: 'interleavings',
    says: 'three workers and many commands, 2,000 orders on each store',
    run: vitest('libs/composition/src/interleavings.test.ts'),
    env: { KAIROS_TEST_INTERLEAVINGS: '2000' },
  },
  {
    name: 'limits',
    says: '12 symbols, five years of hours, 240 weight a minute: how much of it is used',
    run: vitest('apps/standalone/test/limits.e2e.test.ts'),
    env: { KAIROS_TEST_LIMIT_YEARS: '5' },
  },
  {
    name: 'two-servers',
    says: 'ten minutes of live collecting by two servers on one store, and of both wanting more than the limit',
    run: vitest('apps/standalone/test/live.e2e.test.ts', 'apps/standalone/test/budget.e2e.test.ts'),
    env: { KAIROS_TEST_LIVE_MINUTES: '10', KAIROS_TEST_BUDGET_MINUTES: '10' },
  },
  {
    name: 'verify',
    says: 'two million candles, one lie in 10,000',
    run: vitest('apps/cli/test/verify.e2e.test.ts'),
    env: { KAIROS_TEST_VERIFY_CANDLES: '2100000' },
  },
  {
    name: 'week',
    says: 'three weeks of simulated time over 1,000 tasks, every slot as an independent oracle has it',
    run: vitest('libs/composition/src/week-simulation.test.ts'),
    env: { KAIROS_TEST_WEEK_TASKS: '1000' },
  },
  {
    name: 'children',
    says: 'Python workers killed, hung and flooded, 100 times each',
    run: vitest('libs/adapters/runtime-python/src/soak.test.ts'),
    env: { KAIROS_TEST_CHILDREN: '100' },
  },
  {
    name: 'recordings',
    says: 'real recorded input, decimal for decimal',
    run: vitest('apps/standalone/test/recording.e2e.test.ts'),
  },
  {
    name: 'planted-bugs',
    says: 'bugs planted on purpose fail the suite',
    run: ['node', ['tools/evidence/src/planted-bugs.mjs']],
  },
];

const wanted = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const unknown = wanted.filter((name) => !PROOFS.some((p) => p.name === name));
if (unknown.length > 0)
  throw new Error(`no proof ${unknown.join(', ')}; there are ${PROOFS.map((p) => p.name).join(', ')}`);
const failed = [];
for (const { name, says, run, env } of PROOFS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}: ${says}`);
  const [command, args] = run;
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nall proofs hold' : `\nfailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
