import { describe, expect, it } from 'vitest';
import type { VenueRequest } from '../answer.ts';
import type { Kline, KlineQuery } from '../market.ts';
import { SyntheticMarket } from '../synthetic/synthetic-market.ts';
import { FaultEngine } from './fault-engine.ts';
import { FaultLog } from './fault-log.ts';
import { everyFault, FAULT_KINDS, faultAtRate, LIES } from './plan.ts';
import type { FaultKind, FaultPlan } from './plan.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
const FROM = Date.UTC(2024, 2, 5, 12);
const MARKET = new SyntheticMarket({ kind: 'synthetic', seed: 'rows' });
const QUERY: KlineQuery = {
  symbol: 'BTCUSDT',
  interval: '1m',
  startTime: FROM,
  endTime: FROM + 20 * MINUTE - 1,
  limit: 1_000,
  now: NOW,
};
const TRUTH = MARKET.klines(QUERY);
const TIMES = TRUTH.map(({ openTime }) => openTime);

function requestOf({ symbol, interval, startTime }: KlineQuery): VenueRequest {
  const query = new URLSearchParams({ symbol, interval, startTime: String(startTime) });
  return { method: 'GET', path: '/klines', query, headers: {}, address: '', weight: 2, at: NOW };
}

function play(plan: FaultPlan) {
  const log = new FaultLog();
  const engine = new FaultEngine(plan, MARKET, log);
  const ask = (query: KlineQuery = QUERY): readonly Kline[] =>
    engine.judge(requestOf(query)).market.klines(query);
  return { ask, log };
}

/** What one page looks like under one fault, and the times the log speaks of. */
function pageUnder(kind: FaultKind, rest: Partial<FaultPlan> & { rows?: number } = {}) {
  const { rows, ...plan } = rest;
  const { ask, log } = play({ ...plan, rules: [{ kind, ...(rows === undefined ? {} : { rows }) }] });
  const page = ask();
  return { page, times: page.map(({ openTime }) => openTime), logged: log.entries()[0]?.openTimes ?? [] };
}

describe('lies about rows', () => {
  it('hides the whole page, its end, its beginning or a hole inside', () => {
    expect(pageUnder('empty-page')).toMatchObject({ page: [], logged: TIMES });
    expect(pageUnder('short-tail')).toMatchObject({ times: TIMES.slice(0, 18), logged: TIMES.slice(18) });
    expect(pageUnder('short-head', { rows: 5 })).toMatchObject({
      times: TIMES.slice(5),
      logged: TIMES.slice(0, 5),
    });
    const hole = pageUnder('hole', { rows: 3 });
    expect(hole.logged).toHaveLength(3);
    expect(hole.times).toEqual(TIMES.filter((time) => !hole.logged.includes(time)));
    expect([hole.times[0], hole.times.at(-1)]).toEqual([TIMES[0], TIMES.at(-1)]);
  });

  it('alters one value of a revised row once, and then tells the truth', () => {
    const { ask, log } = play({ rules: [{ kind: 'revised', rows: 20 }] });
    const [first, second] = [ask(), ask()];

    expect(first.filter((bar, place) => bar.volume !== TRUTH[place]?.volume)).toHaveLength(20);
    expect(first.map((bar) => ({ ...bar, volume: '' }))).toEqual(
      TRUTH.map((bar) => ({ ...bar, volume: '' })),
    );
    expect(second).toEqual(TRUTH);
    expect(log.entries()).toHaveLength(1);
  });

  it('hides no bar more often than allowed, whatever kinds and windows take part', () => {
    const rules = LIES.map((kind) => ({ kind, rate: 0.7, rows: 6 }));
    const { ask, log } = play({ seed: 3, maxLiesPerKey: 2, rules });
    const windows = Array.from({ length: 30 }, (_, turn) => ({
      ...QUERY,
      startTime: FROM + (turn % 3) * MINUTE,
    }));
    const pages = windows.map(ask);
    const told = log.entries().flatMap(({ openTimes }) => openTimes);

    const most = Math.max(...TIMES.map((time) => told.filter((other) => other === time).length));
    expect(most).toBe(2);
    expect(pages.at(-3)).toEqual(TRUTH);
    expect(pages[0]).not.toEqual(TRUTH);
  });

  it('keeps one count for each symbol and interval', () => {
    const { ask } = play({ maxLiesPerKey: 1, rules: [{ kind: 'empty-page' }] });

    expect(ask()).toEqual([]);
    expect(ask({ ...QUERY, symbol: 'ETHUSDT' })).toEqual([]);
    expect(ask({ ...QUERY, interval: '5m' })).toEqual([]);
    expect(ask()).toEqual(TRUTH);
  });
});

describe('noise among rows', () => {
  const trueRows = (page: readonly Kline[]) => page.filter((bar) => TIMES.includes(bar.openTime));

  it('repeats a row', () => {
    const { page, times, logged } = pageUnder('duplicated');

    expect(page).toHaveLength(21);
    expect(times.filter((time) => time === logged[0])).toHaveLength(2);
    expect([...new Set(times)]).toEqual(TIMES);
  });

  it('lets two rows change places', () => {
    const { page, times } = pageUnder('unsorted');

    expect(times).not.toEqual(TIMES);
    expect(page.toSorted((a, b) => a.openTime - b.openTime)).toEqual(TRUTH);
  });

  it('adds a row off the grid', () => {
    const { page, times, logged } = pageUnder('off-grid');

    expect(times.filter((time) => time % MINUTE !== 0)).toEqual(logged);
    expect(logged).toHaveLength(1);
    expect(trueRows(page)).toEqual(TRUTH);
  });

  it('adds a row from outside the window, before it or behind it', () => {
    const strays = Array.from({ length: 20 }, (_, seed) => {
      const { page, logged } = pageUnder('out-of-range', { seed });
      expect(trueRows(page)).toEqual(TRUTH);
      return logged[0];
    });

    expect(new Set(strays)).toEqual(new Set([FROM - MINUTE, FROM + 20 * MINUTE]));
  });

  it('sends the forming bar last, past the end that was asked for', () => {
    const { page, logged } = pageUnder('forming');

    expect(logged).toEqual([NOW - (NOW % MINUTE)]);
    expect(page).toEqual([
      ...TRUTH,
      ...MARKET.klines({ ...QUERY, startTime: logged[0], endTime: undefined }),
    ]);
  });
});

describe('when a rule strikes', () => {
  const answered = (plan: FaultPlan, requests: readonly VenueRequest[]) => {
    const log = new FaultLog();
    const engine = new FaultEngine(plan, MARKET, log);
    for (const request of requests) engine.judge(request).market.klines(QUERY);
    return log.entries();
  };
  const request = requestOf(QUERY);
  const requests = Array.from({ length: 2_000 }, (_, turn) =>
    requestOf({ ...QUERY, startTime: FROM + turn * MINUTE }),
  );

  it('draws the same faults for the same seed, in whatever order requests come, and others for another', () => {
    const kinds = (seed: string, asked: readonly VenueRequest[]) =>
      answered(everyFault({ seed, rate: 0.02, except: ['revised'] }), asked)
        .map(({ kind, interval, openTimes }) => `${kind} ${interval} ${openTimes.join()}`)
        .toSorted();

    expect(kinds('a', requests)).toEqual(kinds('a', requests.toReversed()));
    expect(kinds('a', requests)).not.toEqual(kinds('b', requests));
  });

  it('strikes at its rate', () => {
    const strikes = answered(faultAtRate('html', { seed: 1, rate: 0.1 }), requests).length;

    expect(strikes).toBeGreaterThan(150);
    expect(strikes).toBeLessThan(250);
  });

  it('strikes with every kind under the preset, but for those left out', () => {
    const seen = (except: readonly FaultKind[]) =>
      new Set(answered(everyFault({ rate: 0.1, except }), requests).map(({ kind }) => kind));
    const all = FAULT_KINDS.filter((kind) => kind !== 'delisted');

    expect([...seen([])].toSorted()).toEqual(all.toSorted());
    expect(seen(['timeout', 'hole'])).toEqual(
      new Set(all.filter((kind) => kind !== 'timeout' && kind !== 'hole')),
    );
  });

  it('draws anew when the same request comes again', () => {
    const strikes = answered(faultAtRate('html', { rate: 0.5 }), Array<VenueRequest>(100).fill(request));

    expect(strikes.length).toBeGreaterThan(25);
    expect(strikes.length).toBeLessThan(75);
  });

  it('holds to the path, the symbol in any spelling, the interval, the turn and the number of times', () => {
    const count = (rule: object, asked: VenueRequest) =>
      answered({ rules: [{ kind: 'html', ...rule }] }, Array<VenueRequest>(5).fill(asked)).length;
    const spelt = { ...request, query: new URLSearchParams('instId=BTC-USDT') };

    expect(count({ path: '/klines' }, request)).toBe(5);
    expect(count({ path: '/depth' }, request)).toBe(0);
    expect(count({ symbol: 'BTCUSDT' }, spelt)).toBe(5);
    expect(count({ symbol: 'ETHUSDT' }, spelt)).toBe(0);
    expect(count({ nth: [2, 4] }, request)).toBe(2);
    expect(count({ times: 3 }, request)).toBe(3);
    const rows = (rule: object) => answered({ rules: [{ kind: 'duplicated', ...rule }] }, [request]).length;
    expect(rows({ symbol: 'BTCUSDT', interval: '1m' })).toBe(1);
    expect(rows({ symbol: 'ETHUSDT' })).toBe(0);
    expect(rows({ interval: '1h' })).toBe(0);
  });

  it('follows a script', () => {
    const script: NonNullable<FaultPlan['script']> = ({ path }, nth) =>
      [undefined, { kind: 'empty-page' } as const, { kind: 'timeout' } as const][
        path === '/klines' ? nth - 1 : 0
      ];

    expect(answered({ script }, [request, request, request]).map(({ kind }) => kind)).toEqual([
      'empty-page',
      'timeout',
    ]);
  });

  it('tells no lie where another fault already took the answer', () => {
    const plan = { rules: [{ kind: 'empty-page' }, { kind: 'truncated-json' }] } as const;

    expect(answered(plan, [request]).map(({ kind }) => kind)).toEqual(['truncated-json']);
  });

  it('refuses a rate that is none', () => {
    expect(() => play(faultAtRate('html', { rate: 10 }))).toThrow('between 0 and 1');
  });
});
