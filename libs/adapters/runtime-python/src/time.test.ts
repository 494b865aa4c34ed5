import { FakeClock } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  aCall,
  hasPython,
  KeepingSink,
  needsPython,
  never,
  openRig,
  type Rig,
} from './testing/rig.test-support.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.skipIf(!hasPython)(`The time of a Python task${needsPython}`, () => {
  let clock: FakeClock;
  let rig: Rig;
  let sink: KeepingSink;
  beforeEach(() => {
    clock = new FakeClock();
    rig = openRig({ clock, graceMs: 2_000, idleMs: 60_000 });
    sink = new KeepingSink();
  });
  afterEach(() => rig.dispose());

  const run = (taskType: string, name = 'contract_tasks') =>
    rig.runtime.run(aCall({ function: name, taskType, deadline: clock.now() + 10_000 }), sink, never);

  it('ends in three steps: a flag at the deadline, a signal, and a kill', async () => {
    const flagged = run('wait_abort');
    await sink.line('waiting');
    await clock.advance(10_000);
    expect(await flagged).toMatchObject({ ok: false, error: { code: 'JOB_TIMEOUT' } });
    expect(sink.messages).toEqual(['waiting', 'stopping']);

    const signalled = run('cleans_up', 'unruly');
    await sink.line('busy');
    await clock.advance(10_000);
    await clock.advance(2_000);
    expect(await signalled).toMatchObject({ ok: false, error: { code: 'JOB_TIMEOUT' } });
    expect(sink.messages.at(-1)).toContain('cleaning up after');

    const killed = run('hang');
    await sink.line('hanging');
    await clock.advance(10_000);
    await clock.advance(2_000);
    await clock.advance(2_000);
    expect(await killed).toMatchObject({
      ok: false,
      error: { code: 'JOB_TIMEOUT', message: expect.stringContaining('was killed') },
    });
  });

  it('is not what keeps an idle worker: it ends after a minute', async () => {
    expect(await run('echo')).toMatchObject({ ok: true });
    await clock.advance(59_999);
    expect(rig.runtime.status().workers).toMatchObject({ idle: 1, busy: 0 });
    await clock.advance(1);

    while (rig.runtime.status().workers.busy > 0) await turn();
    expect(rig.runtime.status().workers).toEqual({ idle: 0, busy: 0, rssKb: 0 });
  });

  it('leaves no timer behind', async () => {
    await run('echo');
    await rig.runtime.close();
    await turn();

    expect(clock.sleeping).toBe(0);
  });
});
