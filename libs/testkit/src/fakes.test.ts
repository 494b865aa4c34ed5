import { describe, expect, it } from 'vitest';
import { FakeIds, FakeWorkers, RecordingLogger, silentLogger } from './fakes.ts';

describe('FakeIds', () => {
  it('repeats itself from the same seed, and never within one', () => {
    const draw = (seed: number): (string | number)[] => {
      const ids = new FakeIds(seed);
      return [ids.uid(), ids.uid(), ids.nonce(), ids.nonce(), ids.random(), ids.random()];
    };

    expect(draw(1)).toEqual(draw(1));
    expect(new Set([...draw(1), ...draw(2)]).size).toBe(12);
  });

  it('makes uids of 12 base32 characters and chances in [0, 1)', () => {
    const ids = new FakeIds('x');
    for (let i = 0; i < 100; i += 1) {
      expect(ids.uid()).toMatch(/^[a-z2-7]{12}$/);
      const chance = ids.random();
      expect(chance).toBeGreaterThanOrEqual(0);
      expect(chance).toBeLessThan(1);
    }
  });
});

describe('FakeWorkers', () => {
  it('tells of a death to all that share a host', () => {
    const dead = new Set<string>();
    const [a, b] = [new FakeWorkers('a', dead), new FakeWorkers('b', dead)];

    a.kill('b');

    expect([a.owner(), a.isDead('b'), b.isDead('b'), b.isDead('a')]).toEqual(['a', true, true, false]);
  });
});

describe('loggers', () => {
  it('record level, event and fields, those of parents included', () => {
    const log = new RecordingLogger({ app: 'x' });
    log.child({ task: 't' }).warn('run.late', { ms: 5 });
    log.info('app.start');

    expect(log.events()).toEqual(['run.late', 'app.start']);
    expect(log.entries[0]).toEqual({
      level: 'warn',
      event: 'run.late',
      fields: { app: 'x', task: 't', ms: 5 },
    });
  });

  it('can be silent', () => {
    expect(silentLogger.child({ a: 1 }).info('x')).toBeUndefined();
  });
});
