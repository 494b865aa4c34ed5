import { floorTo, gridOf } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEarliest, type EarliestQuery, type FirstIn } from './earliest.ts';

const NOW = Date.UTC(2024, 2, 5, 13, 37);
const ALL = ['1m', '5m', '1h', '4h', '1d', '1w', '1M'];

/** A venue with trades at these instants: a bar is there when one of them falls into it. */
function venueOf(trades: readonly number[], anchorMs = 0): { firstIn: FirstIn; asked: string[] } {
  const asked: string[] = [];
  const firstIn: FirstIn = async ({ timeframe, from, to }) => {
    asked.push(timeframe);
    const grid = gridOf(timeframe, timeframe === '1w' ? anchorMs : 0);
    const opens = trades.map((t) => floorTo(grid, t)).filter((open) => open >= from && open < to);
    return opens.length > 0 ? Math.min(...opens) : null;
  };
  return { firstIn, asked };
}

const query = (more: Partial<EarliestQuery> = {}): EarliestQuery => ({
  timeframe: '1m',
  offered: ALL,
  pageSize: 100,
  anchorMs: 0,
  now: NOW,
  ...more,
});

describe('findEarliest', () => {
  it('finds the bar of the first trade, whatever the timeframe, in a few requests', async () => {
    const instants = fc.integer({ min: Date.UTC(2010, 0, 1), max: NOW - 86_400_000 });
    await fc.assert(
      fc.asyncProperty(instants, fc.constantFrom(...ALL), async (trade, timeframe) => {
        const { firstIn, asked } = venueOf([trade, NOW - 1]);

        expect(await findEarliest(query({ timeframe }), firstIn)).toBe(floorTo(gridOf(timeframe), trade));
        expect(asked.length).toBeLessThan(timeframe === '1w' ? 12 : 8);
      }),
      { seed: 20_240_305, numRuns: 200 },
    );
  });

  it('is not misled by years without a bar', async () => {
    const first = Date.UTC(2011, 3, 7, 5, 6);
    const { firstIn } = venueOf([first, NOW - 60_000]);

    expect(await findEarliest(query({ offered: ['1m', '1h', '1d'] }), firstIn)).toBe(first);
  });

  it('keeps to the grid of weeks that open on another day', async () => {
    const anchorMs = 3 * 86_400_000;
    const trade = Date.UTC(2021, 4, 1, 7);
    const { firstIn } = venueOf([trade], anchorMs);

    const found = await findEarliest(query({ timeframe: '1w', anchorMs }), firstIn);

    expect(found).toBe(Date.UTC(2021, 3, 29));
  });

  it('says that there is no bar, or that it cannot tell', async () => {
    expect(await findEarliest(query(), venueOf([]).firstIn)).toBeNull();
    const longOnly: FirstIn = async ({ timeframe, from }) => (timeframe === '1m' ? null : from);
    expect(await findEarliest(query(), longOnly)).toBeUndefined();
  });
});
