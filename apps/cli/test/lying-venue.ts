import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import {
  collect,
  Tallies,
  Verifier,
  type CollectDeps,
  type CollectRun,
  type VerifyOutcome,
} from '@kairos/collectors';
import type { Series } from '@kairos/domain';
import type { MarketDataSource, SeriesStore, SourceMarket, VenueBudget } from '@kairos/ports';
import {
  fixedClock,
  plantLies,
  startSandboxVenue,
  type ConsistentLie,
  type SandboxVenue,
  type SandboxVenueOptions,
} from '@kairos/sandbox-venue';
import { createCcxtSources } from '@kairos/source-ccxt';
import { MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { FakeClock, FakeIds, silentLogger } from '@kairos/testkit';

export const MINUTE = 60_000;
export const DAY = 86_400_000;

const BOUNDLESS: VenueBudget = {
  take: async () => undefined,
  observe: () => undefined,
  ban: () => undefined,
};

/** A venue, a source of it, and a store to collect into. */
export interface World {
  readonly venue: SandboxVenue;
  /** The same without lies. */
  readonly truth: SandboxVenue;
  readonly deps: CollectDeps;
  readonly run: CollectRun;
  readonly source: MarketDataSource;
  /** The same venue without its lies. */
  readonly mirror: MarketDataSource;
  readonly timeframes: readonly string[];
  close(): Promise<void>;
}

export async function world(
  mode: SandboxVenueOptions['mode'],
  now: number | undefined,
  lies: readonly ConsistentLie[] = [],
  series?: SeriesStore,
): Promise<World> {
  const clock = now === undefined ? {} : { clock: fixedClock(now) };
  const options = { mode, ...clock, limits: { weightPerMinute: 'off' as const } };
  const venue = await startSandboxVenue({ ...options, faults: { consistent: lies } });
  const truth = await startSandboxVenue(options);
  const fake = new FakeClock({ now: venue.clock.now(), autoAdvance: true });
  const registry = createCcxtSources({
    sources: {
      binance: { baseUrl: venue.url, realm: venue.realm },
      mirror: { exchange: 'binance', baseUrl: truth.url, realm: truth.realm },
    },
    budget: BOUNDLESS,
    clock: fake,
    log: silentLogger,
  });
  const store = series ?? new MemorySeriesStore(new MemoryStore(), fake);
  return {
    venue,
    truth,
    deps: { store, calendar: new AlwaysOpenCalendar(), clock: fake, ids: new FakeIds(), log: silentLogger },
    run: {
      runId: 'r',
      deadline: Infinity,
      signal: new AbortController().signal,
      ensure: async () => undefined,
    },
    source: await registry.open('binance'),
    mirror: await registry.open('mirror'),
    timeframes: registry.describe('binance')?.dataTypes['kline'] ?? [],
    close: async () => {
      await registry.close();
      await venue.close();
      await truth.close();
    },
  };
}

export interface Span {
  readonly symbol: string;
  readonly timeframe: string;
  readonly from: number;
  readonly to: number;
}

/** Collects a span until every slot of it is settled. */
export async function collected(w: World, span: Span): Promise<{ series: Series; market: SourceMarket }> {
  const request = { ...span, dataType: 'kline', price: 'last' as const, batchSize: null, refetch: null };
  const [outcome] = await collect(w.deps, w.run, {
    source: w.source,
    requests: [request],
    tallies: new Tallies(),
  });
  if (!outcome?.range?.settled) throw outcome?.error ?? new Error('not settled');
  const series = await w.deps.store.getSeries({ key: outcome.seriesKey ?? '' });
  if (!series) throw new Error('no series');
  const call = { signal: w.run.signal, priority: 'backfill' as const };
  return { series, market: await w.source.resolve({ symbol: span.symbol, dataType: 'kline' }, call) };
}

export interface Verified {
  readonly outcome: VerifyOutcome;
  readonly tallies: Tallies;
}

export async function verified(
  w: World,
  { series, market }: { readonly series: Series; readonly market: SourceMarket },
  how: { readonly deep?: boolean; readonly mirror?: boolean } = {},
): Promise<Verified> {
  const tallies = new Tallies();
  const second = how.mirror === true ? { source: w.mirror, market, sameExchange: true } : undefined;
  const target = { series, source: w.source, market, timeframes: w.timeframes, second };
  const verifier = new Verifier(w.deps, w.run, target, tallies);
  return { outcome: await verifier.verify({ range: null, deep: how.deep === true }), tallies };
}

export const kindOf = ({ kind, field }: ConsistentLie): string => (field ? `${kind} ${field}` : kind);

/** How many lies of each kind were found, how many there were, and what was found that is none. */
export function score(
  lies: readonly ConsistentLie[],
  outcome: VerifyOutcome,
): {
  readonly kinds: Readonly<Record<string, { found: number; planted: number }>>;
  readonly missed: readonly ConsistentLie[];
  readonly exact: number;
  readonly falseAlarms: readonly VerifyOutcome['defects'][number][];
} {
  const { defects } = outcome;
  const kinds: Record<string, { found: number; planted: number }> = {};
  const missed: ConsistentLie[] = [];
  let exact = 0;
  for (const lie of lies) {
    const kind = (kinds[kindOf(lie)] ??= { found: 0, planted: 0 });
    const hit = defects.find((d) => d.from <= lie.openTime && lie.openTime < d.to);
    kind.planted += 1;
    if (!hit) missed.push(lie);
    else kind.found += 1;
    if (hit && hit.to - hit.from === MINUTE) exact += 1;
  }
  const falseAlarms = defects.filter((d) => !lies.some((l) => d.from <= l.openTime && l.openTime < d.to));
  return { kinds, missed, exact, falseAlarms };
}

/** Candles of one minute up to an instant, and lies in them. */
export function plot(
  candles: number,
  oneIn: number,
  now: number,
): { span: Span; lies: readonly ConsistentLie[] } {
  const to = now - 2 * DAY;
  const span = { symbol: 'BTCUSDT', timeframe: '1m', from: to - candles * MINUTE, to };
  return { span, lies: plantLies({ seed: 7, oneIn, interval: '1m', ...span }) };
}
