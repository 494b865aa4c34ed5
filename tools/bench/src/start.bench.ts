/** From nothing to the help text of the command line, over a bare Node that does nothing. */
import { spawnSync } from 'node:child_process';
import { report, round } from './result.ts';
import { interleave, type Measure } from './rounds.ts';

function wall(args: readonly string[]): Measure {
  const began = performance.now();
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (args.includes('--help') && !/usage/i.test(stdout)) throw new Error('no help text came');
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}`);
  return { ms: performance.now() - began };
}

const took = await interleave(
  { bare: () => wall(['--eval', '0']), ours: () => wall(['dist/apps/cli/main.js', '--help']) },
  15,
);
const ratio = round(took.ratio('ours', 'bare', 'ms'));
report({
  name: 'kairos --help',
  figures: {
    bare_node_ms: round(took.of('bare', 'ms'), 0),
    ours_ms: round(took.of('ours', 'ms'), 0),
    spread: took.spread('ours', 'ms'),
  },
  ratio,
  floor: 'bare node',
  target: '≤ 3',
  met: ratio <= 3,
});
