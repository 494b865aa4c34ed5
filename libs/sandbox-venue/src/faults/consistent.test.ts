import { describe, expect, it } from 'vitest';
import type { Kline, KlineQuery } from '../market.ts';
import { startSandboxVenue } from '../venue.ts';
import { SyntheticMarket } from '../synthetic/synthetic-market.ts';
import { plantLies, withConsistentLies } from './consistent.ts';
import type { ConsistentLie } from './consistent.ts';

const MINUTE = 60_000;
const FROM = Date.UTC(2024, 2, 5, 12);
const MARKET = new SyntheticMarket({ kind: 'synthetic', seed: 'lies' });
const QUERY: KlineQuery = {
  symbol: 'BTCUSDT',
  interval: '1m',
  startTime: FROM,
  endTime: undefined,
  limit: 10,
  now: FROM + 60 * MINUTE,
};
const at = (place: number): number => FROM + place * MINUTE;
const lie = (
  kind: ConsistentLie['kind'],
  place: number,
  rest: Partial<ConsistentLie> = {},
): ConsistentLie => ({
  kind,
  symbol: 'BTCUSDT',
  interval: '1m',
  openTime: at(place),
  ...rest,
});
const opensOf = (page: unknown): readonly unknown[] =>
  Array.isArray(page) ? page.map((row: unknown) => (Array.isArray(row) ? row[0] : row)) : [];
const places = (bars: readonly Kline[]): readonly number[] =>
  bars.map(({ openTime }) => (openTime - FROM) / MINUTE);

describe('a market that lies consistently', () => {
  it('hides a bar as if it had never been, and fills the page from beyond it', () => {
    const market = withConsistentLies(MARKET, [lie('hidden', 3), lie('hidden', 10), lie('hidden', 59)]);

    expect(places(market.klines(QUERY))).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 11]);
    expect(market.klines({ ...QUERY, startTime: at(3), endTime: at(3) })).toEqual([]);
    expect(places(market.klines({ ...QUERY, startTime: undefined, limit: 2 }))).toEqual([58, 60]);
    expect(market.klines(QUERY)).toEqual(market.klines(QUERY));
  });

  it('alters a close within the bar, or a volume', () => {
    const market = withConsistentLies(MARKET, [lie('altered', 3), lie('altered', 5, { field: 'volume' })]);
    const truth = MARKET.klines(QUERY);
    const told = market.klines(QUERY);
    const differing = told.flatMap((bar, place) => {
      const was = truth[place];
      return Object.entries(bar).flatMap(([name, value]) =>
        was !== undefined && Object.entries(was).some(([other, old]) => other === name && old !== value)
          ? [`${place} ${name}`]
          : [],
      );
    });

    expect(differing).toEqual(['3 close', '5 volume']);
    expect([told[3]?.high, told[3]?.low]).toContain(told[3]?.close);
  });

  it('shows the bar before under a shifted one, wherever the page begins', () => {
    const market = withConsistentLies(MARKET, [lie('shifted', 3)]);
    const truth = MARKET.klines(QUERY);
    const expected = { ...truth[2], openTime: at(3), closeTime: at(4) - 1 };

    expect(market.klines(QUERY)).toEqual(truth.with(3, expected as Kline));
    expect(market.klines({ ...QUERY, startTime: at(3), limit: 1 })).toEqual([expected]);
  });

  it('stays true in other intervals and symbols', () => {
    const market = withConsistentLies(MARKET, [lie('hidden', 0), lie('altered', 5)]);
    const others = [
      { ...QUERY, interval: '5m' },
      { ...QUERY, interval: '1s' },
      { ...QUERY, symbol: 'ETHUSDT' },
    ] as const;

    for (const other of others) expect(market.klines(other)).toEqual(MARKET.klines(other));
  });

  it('reaches clients through a plan, beside other faults and uncounted', async () => {
    const venue = await startSandboxVenue({
      mode: { kind: 'synthetic', seed: 'lies' },
      faults: { consistent: [lie('hidden', 1)], maxLiesPerKey: 0 },
    });
    const url = `${venue.url}/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=${FROM}&limit=2`;
    const read = async () => opensOf(await (await fetch(url)).json());

    for (let turn = 0; turn < 3; turn += 1) expect(await read()).toEqual([at(0), at(2)]);
    await venue.close();
  });
});

describe('plantLies', () => {
  const plot = { seed: 1, symbol: 'BTCUSDT', interval: '1m', from: FROM, to: at(400), oneIn: 100 } as const;

  it('plants one in each stretch, of each kind in turn, the same for the same seed', () => {
    const lies = plantLies(plot);

    expect(lies.map(({ kind, field }) => [kind, field])).toEqual([
      ['hidden', undefined],
      ['altered', 'close'],
      ['altered', 'volume'],
      ['shifted', undefined],
    ]);
    expect(lies.map(({ openTime }) => Math.floor((openTime - FROM) / (100 * MINUTE)))).toEqual([0, 1, 2, 3]);
    expect(plantLies(plot)).toEqual(lies);
    expect(plantLies({ ...plot, seed: 2 })).not.toEqual(lies);
  });
});
