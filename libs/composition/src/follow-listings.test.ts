import { DEFAULT_TASK_CONFIG, StoreError, type TaskContent } from '@kairos/domain';
import type { VenueBudget } from '@kairos/ports';
import { DEFAULT_SYMBOLS, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { createCcxtSources } from '@kairos/source-ccxt';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { house, memoryStores, type CheckedStores, type House } from './testing/house.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 10);
const LISTED = START + 5 * HOUR;

/** SOL is listed while the tasks run; the venue's clock is the test's. */
describe('a task with selectors at a venue', () => {
  let clock: FakeClock;
  let venue: SandboxVenue;
  let stores: CheckedStores;
  let h: House;
  let weight: number;
  let close: () => Promise<void>;
  beforeEach(async () => {
    clock = new FakeClock({ now: START + 4 * HOUR + 10_000, autoAdvance: true });
    const names = ['BTCUSDT', 'ETHUSDT', 'ATOMUSDT', 'ETHBTC', 'SOLUSDT'];
    const symbols = DEFAULT_SYMBOLS.filter((s) => names.includes(s.symbol)).map((s) => ({
      ...s,
      listedAt: s.symbol === 'SOLUSDT' ? LISTED : START - 48 * HOUR,
    }));
    venue = await startSandboxVenue({ mode: { kind: 'synthetic', seed: 7, symbols }, clock });
    weight = 0;
    const budget: VenueBudget = {
      take: async (p) => void (weight += p.weight),
      observe: () => undefined,
      ban: () => undefined,
    };
    const sources = createCcxtSources({
      sources: { binance: { baseUrl: venue.url, realm: venue.realm, timeoutMs: 5_000 } },
      budget,
      clock,
      log: silentLogger,
    });
    stores = memoryStores(clock);
    h = house({ clock, source: await sources.open('binance'), stores });
    close = async () => {
      await sources.close();
      await venue.close();
    };
  });
  afterEach(() => close());

  const content = (over: Partial<TaskContent>): TaskContent => ({
    handler: 'collect',
    projectId: 'p',
    dataset: 'd',
    dataType: 'kline',
    source: 'binance',
    symbols: ['*/USDT'],
    frequency: '1h',
    startTime: START,
    endTime: null,
    schedule: null,
    timezone: 'UTC',
    job: null,
    config: DEFAULT_TASK_CONFIG,
    ...over,
  });
  const create = (over: Partial<TaskContent> = {}) => h.tasks.create({ taskId: 'a', content: content(over) });
  const progress = async () => (await h.tasks.view({ taskId: 'a' })).progress;
  const symbols = async (): Promise<string[]> => (await progress()).map((p) => p.symbol);
  const hourLater = async (): Promise<void> => {
    await clock.advance(HOUR);
    await h.tick();
  };

  it('takes up a new listing within an hour or two, from the start of the task on', async () => {
    await create({ symbols: ['*/USDT', '!ATOM/USDT'] });
    await h.tick();
    expect(await symbols()).toEqual(['BTC/USDT', 'ETH/USDT']);

    for (let i = 0; i < 4; i += 1) await hourLater();

    expect(await progress()).toMatchObject([
      { symbol: 'BTC/USDT', selected: { by: '*/USDT', left: null }, expected: 8, present: 8 },
      { symbol: 'ETH/USDT', present: 8 },
      { symbol: 'SOL/USDT', instrument: 'binance:SOL/USDT', unavailable: 5, present: 3, gaps: 0 },
    ]);
    const { items } = await h.tasks.runs({ taskId: 'a', limit: 10 });
    expect(items.map((r) => r.stats.selection?.came)).toContain(1);
    expect((await h.tasks.view({ taskId: 'a' })).task.health).toEqual({ state: 'ok', reasons: [] });
  });

  it('ranks by what the venue says of turnover, at the price of one request an hour', async () => {
    await create({ symbols: ['top:2:USDT'], schedule: 'rate(10 minutes)' });
    await h.tick();
    const rows = (await (await fetch(`${venue.url}/api/v3/ticker/24hr`)).json()) as readonly {
      symbol: string;
      quoteVolume: string;
    }[];
    const best = rows
      .filter((r) => r.symbol.endsWith('USDT'))
      .sort((a, b) => Number(b.quoteVolume) - Number(a.quoteVolume))
      .slice(0, 2)
      .map((r) => r.symbol.replace(/USDT$/, '/USDT'));
    expect(await symbols()).toEqual(best);

    const asked = venue.counts().byPath['/api/v3/ticker/24hr'] ?? 0;
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(600_000);
      await h.tick();
    }
    expect(venue.counts().byPath['/api/v3/ticker/24hr']).toBe(asked);
    expect(weight).toBeGreaterThanOrEqual(100);
  });

  it('is the same task when it is made again, and keeps its series through a wider list', async () => {
    const { task } = await create({ symbols: ['top:1:USDT'] });
    await h.tick();
    const [first] = await symbols();
    expect(await create({ symbols: ['top:1:USDT'] })).toMatchObject({
      created: false,
      task: { uid: task.uid },
    });

    await h.tasks.update({ taskId: 'a', patch: { symbols: ['top:1:USDT', '*/BTC'] } });
    await clock.advance(1);
    await h.tick();

    expect(await symbols()).toEqual([first, 'ETH/BTC']);
    await h.tasks.update({ taskId: 'a', patch: { symbols: ['top:1:USDT', '*/BTC', '!ETH/BTC'] } });
    expect(await symbols()).toEqual([first]);
  });

  it('keeps the series it found when the worker is lost before the run ends', async () => {
    await create({ symbols: ['*/USDT', '!SOL/USDT'] });
    const { replace } = stores.tasks;
    let writes = 0;
    stores.tasks.replace = async (p) => {
      writes += 1;
      // The first write is the list of series; with the second the run would be folded into the task.
      if (writes === 2) throw new StoreError('STORE_UNAVAILABLE', 'gone');
      return replace.call(stores.tasks, p);
    };

    await expect(h.tick()).rejects.toThrow('gone');

    expect(await symbols()).toEqual(['ATOM/USDT', 'BTC/USDT', 'ETH/USDT']);
    stores.tasks.replace = replace;
    await hourLater();
    expect((await progress()).map((p) => p.present)).toEqual([5, 5, 5]);
  });

  it('takes nothing from a change that was made while the venue was asked', async () => {
    await create();
    const off = venue.onRequest(({ path }) => {
      if (path !== '/api/v3/exchangeInfo') return;
      off();
      changed = h.tasks.update({ taskId: 'a', patch: { symbols: ['ETHBTC'] } });
    });
    let changed: Promise<unknown> = Promise.resolve();

    await h.tick();
    await changed;
    await clock.advance(1);
    await h.tick();

    expect(await symbols()).toEqual(['ETHBTC']);
  });
});
