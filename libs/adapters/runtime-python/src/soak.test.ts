import { describe, expect, it } from 'vitest';
import type { JobEnd } from '@kairos/ports';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  openRig,
  processesOf,
  type Rig,
} from './testing/rig.test-support.ts';
import { heapInUse, openDescriptors, seeded, shuffled } from './testing/soak.test-support.ts';

const EACH = Number(process.env['KAIROS_TEST_CHILDREN'] ?? 5);
const SEED = 20_240_102;
const AT_ONCE = 3;

interface Outcome {
  readonly wanted: string;
  readonly end: string;
  readonly lines: number;
}

const word = (end: JobEnd): string => (end.ok ? `ok ${JSON.stringify(end.result)}` : end.error.code);

/** One way to go wrong: what is done, and how the run has to be recorded. */
type Way = (rig: Rig, random: () => number) => Promise<Outcome>;

const killed: Way = async (rig, random) => {
  const sink = new KeepingSink();
  const signals = ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGILL'];
  const signal = signals[Math.floor(random() * signals.length)] ?? 'SIGKILL';
  const call = aCall({ function: 'unruly', taskType: 'killed', params: { signal } });
  const end = await rig.runtime.run(call, sink, new AbortController().signal);
  return { wanted: 'JOB_CRASHED', end: word(end), lines: sink.lines.length };
};

const hung: Way = async (rig, random) => {
  const sink = new KeepingSink();
  const stop = new AbortController();
  const byDeadline = random() < 0.5;
  const deadline = Date.now() + (byDeadline ? 1_500 : 60_000);
  const running = rig.runtime.run(aCall({ taskType: 'hang', deadline }), sink, stop.signal);
  if (!byDeadline) void sink.line('hanging').then(() => stop.abort());
  return {
    wanted: byDeadline ? 'JOB_TIMEOUT' : 'JOB_CANCELLED',
    end: word(await running),
    lines: sink.lines.length,
  };
};

const flooded: Way = async (rig, random) => {
  const sink = new KeepingSink();
  const kinds = [
    { megabytes: 12 },
    { megabytes: 12, end: '' },
    { megabytes: 12, stream: 'stderr', width: 200_000 },
  ];
  const params = kinds[Math.floor(random() * kinds.length)] ?? {};
  const end = await rig.runtime.run(
    aCall({ function: 'unruly', taskType: 'flood', params }),
    sink,
    new AbortController().signal,
  );
  return { wanted: 'ok 12', end: word(end), lines: Math.min(sink.lines.length, 1) };
};

async function each(rig: Rig, ways: readonly Way[], random: () => number): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const waiting = [...ways];
  const lane = async (): Promise<void> => {
    for (let way = waiting.shift(); way !== undefined; way = waiting.shift())
      outcomes.push(await way(rig, random));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return outcomes;
}

describe.skipIf(!hasPython || process.platform !== 'linux')(
  `Workers that are killed, hang and flood${needsPython}`,
  { timeout: 60_000 + EACH * 30_000 },
  () => {
    it(`${EACH} times each: every run is recorded rightly, and no process, descriptor or memory is left`, async () => {
      const random = seeded(SEED);
      const before = openRig({ graceMs: 100, maxWorkers: AT_ONCE });
      await each(before, [killed, hung, flooded], random);
      await before.dispose();
      const [descriptors, heap] = [openDescriptors(), heapInUse()];

      const rig = openRig({ graceMs: 100, maxWorkers: AT_ONCE });
      const ways = shuffled(Array.from({ length: EACH }, () => [killed, hung, flooded]).flat(), random);
      const outcomes = await each(rig, ways, random);
      await rig.runtime.close();
      const left = processesOf(rig.workDir);
      await rig.dispose();

      expect(outcomes).toHaveLength(EACH * 3);
      expect(outcomes.map((o) => o.end)).toEqual(outcomes.map((o) => o.wanted));
      expect(left).toEqual([]);
      expect(openDescriptors()).toBe(descriptors);
      const grown = heapInUse() - heap;
      if (process.env['KAIROS_TEST_CHILDREN'] !== undefined)
        process.stderr.write(
          `${EACH * 3} runs, seed ${SEED}: processes left ${left.length}, descriptors ${descriptors} before and ` +
            `${openDescriptors()} after, heap ${(heap / 1e6).toFixed(1)} MB ${grown >= 0 ? '+' : ''}${(grown / 1e6).toFixed(2)} MB\n`,
        );
      expect(grown).toBeLessThan(8_000_000);
    });
  },
);
