import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  type Rig,
} from './testing/rig.test-support.ts';

const FUNCTIONS = fileURLToPath(new URL('../../../../functions/', import.meta.url));

describe.skipIf(!hasPython)(`python_crawler${needsPython}`, () => {
  let rig: Rig;
  beforeAll(() => {
    rig = openRig();
    for (const name of readdirSync(FUNCTIONS).filter((n) => n.endsWith('.py')))
      cpSync(join(FUNCTIONS, name), rig.write(name, ''));
  });
  afterAll(() => rig.dispose());

  const run = async (taskType: string, params = {}) => {
    const sink = new KeepingSink();
    const call = aCall({ function: 'python_crawler', taskName: 'python_simple_task', taskType, params });
    return { end: await rig.runtime.run(call, sink, never), lines: sink.lines };
  };

  it('simple_task_1 logs the current time and returns it', async () => {
    const before = Date.now();
    const { end, lines } = await run('simple_task_1');
    const { timestamp, slot } = Object(end.ok && end.result);

    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
    expect(slot).toBe('2024-01-02T03:04:05.678000+00:00');
    expect(lines).toEqual([{ level: 'info', message: `now it is ${timestamp}`, stream: 'log' }]);
  });

  it('simple_task_2 echoes what it is called with', async () => {
    const { end } = await run('simple_task_2', { symbols: ['A', '中'], deep: { n: 1.5 } });

    expect(end).toEqual({
      ok: true,
      result: {
        task: 'python_simple_task',
        taskType: 'simple_task_2',
        slot: '2024-01-02T03:04:05.678000+00:00',
        attempt: 1,
        params: { symbols: ['A', '中'], deep: { n: 1.5 } },
      },
    });
  });
});
