import type { Clock, LoggedLine, RunLogLine, RunLogs } from '@kairos/ports';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../fake-clock.ts';

export interface RunLogsBench {
  /** A door of the logs. Several doors opened on one bench stand before the same lines, as processes do. */
  open(): RunLogs;
  close(): Promise<void>;
}

const RUN = 'abcdefghijkl.s1700000000000';
const OTHER = 'abcdefghijkl.m1700000060000';

const aLine = (message: string, more: Partial<RunLogLine> = {}): RunLogLine => ({
  at: 1_700_000_000_000,
  level: 'info',
  stream: 'log',
  message,
  ...more,
});

const messages = (lines: readonly LoggedLine[]): string[] => lines.map((l) => l.message);

/** Takes lines until there are so many. */
async function take(lines: AsyncIterator<LoggedLine>, n: number): Promise<string[]> {
  const out: string[] = [];
  while (out.length < n) {
    const { value, done } = await lines.next();
    if (done === true) break;
    out.push(value.message);
  }
  return out;
}

/** The law of logs of runs. `open` gets a clock on which sleeping costs no time. */
export function runLogsContract(
  name: string,
  p: { readonly open: (clock: Clock) => Promise<RunLogsBench>; readonly shared: boolean },
): void {
  describe(`${name}: the law of run logs`, () => {
    let bench: RunLogsBench;
    let logs: RunLogs;
    let stop: AbortController;
    beforeEach(async () => {
      bench = await p.open(new FakeClock({ autoAdvance: true }));
      logs = bench.open();
      stop = new AbortController();
    });
    afterEach(async () => {
      stop.abort();
      await bench.close();
    });
    const say = (message: string, runId = RUN, taskId = 'task'): void =>
      logs.append({ taskId, runId, line: aLine(message) });

    it('gives back what was said, whole and in order', async () => {
      const lines = [
        aLine('first'),
        aLine('on standard error', { level: 'error', stream: 'stderr', at: 1_700_000_000_001 }),
        aLine('', { level: 'debug', stream: 'stdout' }),
        aLine('several\nlines\r\nand a \u001b[31mcolour\u0000\u2028\u202e, 中文 and 🟢'),
      ];
      for (const line of lines) logs.append({ taskId: 'task', runId: RUN, line });
      await logs.flush();

      expect(await logs.read({ taskId: 'task', limit: 10 })).toEqual(
        lines.map((line) => ({ ...line, runId: RUN })),
      );
    });

    it('gives any text back as it was', async () => {
      const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 40 }), { numRuns: 200, seed: 7 });
      for (const text of texts) say(text);
      await logs.flush();

      expect(messages(await logs.read({ taskId: 'task', limit: 1_000 }))).toEqual(texts);
    });

    it('reads the newest lines, those of one run where it is named, and none of what it does not know', async () => {
      for (const n of [1, 2, 3]) {
        say(`a${n}`);
        say(`b${n}`, OTHER);
      }
      await logs.flush();

      expect(messages(await logs.read({ taskId: 'task', limit: 3 }))).toEqual(['b2', 'a3', 'b3']);
      expect(messages(await logs.read({ taskId: 'task', runId: OTHER, limit: 2 }))).toEqual(['b2', 'b3']);
      expect(await logs.read({ taskId: 'task', runId: 'other', limit: 9 })).toEqual([]);
      expect(await logs.read({ taskId: 'unknown', limit: 9 })).toEqual([]);
      expect(await logs.read({ taskId: 'task', limit: 0 })).toEqual([]);
    });

    it('keeps tasks apart, whatever they are called', async () => {
      const names = [
        'a',
        'A',
        'a.b',
        'a%2eb',
        '..',
        '.',
        'a/b',
        '..%2f',
        '中文',
        'x'.repeat(128),
        'con',
        '__proto__',
      ];
      for (const taskId of names) say(`of ${taskId}`, RUN, taskId);
      await logs.flush();

      for (const taskId of names)
        expect(messages(await logs.read({ taskId, limit: 9 }))).toEqual([`of ${taskId}`]);
    });

    it('follows: first the last lines, then the new ones of that run, until it is told to stop', async () => {
      say('old');
      say('before');
      await logs.flush();
      const following = logs
        .follow({ taskId: 'task', runId: RUN, last: 1, signal: stop.signal })
        [Symbol.asyncIterator]();

      expect(await take(following, 1)).toEqual(['before']);
      const further = take(following, 2);
      say('not this one', OTHER);
      say('new');
      say('newer');
      await logs.flush();

      expect(await further).toEqual(['new', 'newer']);
      const end = following.next();
      stop.abort();
      expect(await end).toMatchObject({ done: true });
    });

    it('follows a task that has said nothing yet', async () => {
      const following = logs.follow({ taskId: 'task', last: 5, signal: stop.signal })[Symbol.asyncIterator]();
      const first = take(following, 1);
      say('hello');
      await logs.flush();

      expect(await first).toEqual(['hello']);
    });

    it('flushes when there is nothing to flush, and again and again', async () => {
      await logs.flush();
      say('one');
      await Promise.all([logs.flush(), logs.flush()]);

      expect(messages(await logs.read({ taskId: 'task', limit: 9 }))).toEqual(['one']);
    });

    it.runIf(p.shared)('shows each door what the others said, each line once and unbroken', async () => {
      const doors = [bench.open(), bench.open(), bench.open()];
      const following = bench
        .open()
        .follow({ taskId: 'task', last: 1_000, signal: stop.signal })
        [Symbol.asyncIterator]();
      const seen = take(following, 600);
      for (let i = 0; i < 200; i += 1) {
        for (const [d, door] of doors.entries())
          door.append({ taskId: 'task', runId: RUN, line: aLine(`${d}.${i} ${'x'.repeat(i * 7)}`) });
        if (i % 20 === 0) await doors[i % 3]?.flush();
      }
      await Promise.all(doors.map((door) => door.flush()));

      const stored = messages(await logs.read({ taskId: 'task', limit: 1_000 }));
      expect(new Set(stored).size).toBe(600);
      for (const [d] of doors.entries())
        expect(stored.filter((m) => m.startsWith(`${d}.`)).map((m) => parseInt(m.slice(2), 10))).toEqual(
          Array.from({ length: 200 }, (_, i) => i),
        );
      expect((await seen).sort()).toEqual([...stored].sort());
    });
  });
}
