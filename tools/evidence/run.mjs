// nx evidence: the promises at full figures, one after another. `node tools/evidence/run.mjs [NAME…]` runs some of them.
import { spawnSync } from 'node:child_process';

const vitest = (...args) => ['npx', ['vitest', 'run', ...args]];
const PROOFS = [
  {
    name: 'crash-points',
    says: 'a job fails at each of its calls, in every way',
    run: vitest('libs/composition/src/crash-points.test.ts'),
  },
  {
    name: 'kills',
    says: '50 random kills of the real server',
    run: vitest('apps/standalone/test/kill.e2e.test.ts'),
    env: { KAIROS_TEST_KILLS: '50' },
  },
  {
    name: 'interleavings',
    says: 'three workers and many commands, 2,000 orders on each store',
    run: vitest('libs/composition/src/interleavings.test.ts'),
    env: { KAIROS_TEST_INTERLEAVINGS: '2000' },
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
