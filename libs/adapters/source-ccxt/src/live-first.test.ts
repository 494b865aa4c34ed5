import { FakeClock } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { LiveFirst } from './live-first.ts';

const { signal } = new AbortController();
const LIVE = { priority: 'live', signal } as const;
const BACKFILL = { priority: 'backfill', signal } as const;

/** Work that ends when it is told to. */
function work(): { readonly run: () => Promise<void>; end(): void; readonly begun: boolean } {
  let end: () => void = () => undefined;
  let begun = false;
  return {
    run: () => {
      begun = true;
      return new Promise((done) => (end = done));
    },
    end: () => end(),
    get begun() {
      return begun;
    },
  };
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('LiveFirst', () => {
  it('holds backfill back while live requests come in numbers, and a little longer', async () => {
    const clock = new FakeClock();
    const gate = new LiveFirst(clock);
    const [one, two, page] = [work(), work(), work()];
    const live = [gate.run(LIVE, one.run), gate.run(LIVE, two.run)];
    const backfill = gate.run(BACKFILL, page.run);
    await clock.advance(200);
    expect(page.begun).toBe(false);
    one.end();
    two.end();
    await Promise.all(live);
    await clock.advance(50);
    expect(page.begun).toBe(false);
    await clock.advance(100);
    expect(page.begun).toBe(true);
    page.end();
    await backfill;
  });

  it('lets backfill go beside a live request that is alone', async () => {
    const gate = new LiveFirst(new FakeClock());
    const [one, page] = [work(), work()];
    const both = [gate.run(LIVE, one.run), gate.run(BACKFILL, page.run)];
    await turn();
    expect(page.begun).toBe(true);
    one.end();
    page.end();
    await Promise.all(both);
  });

  it('does not starve backfill', async () => {
    const clock = new FakeClock();
    const gate = new LiveFirst(clock);
    const [one, two, page] = [work(), work(), work()];
    const all = [gate.run(LIVE, one.run), gate.run(LIVE, two.run), gate.run(BACKFILL, page.run)];
    await clock.advance(4_900);
    expect(page.begun).toBe(false);
    await clock.advance(200);
    expect(page.begun).toBe(true);
    for (const each of [one, two, page]) each.end();
    await Promise.all(all);
  });
});
