import { bareSymbol, SourceError } from '@kairos/domain';
import type { ListedMarket, SourceMarket } from '@kairos/ports';
import type { CcxtMarket } from './ccxt-exchange.ts';

export type SymbolMatch =
  | { readonly match: 'one'; readonly market: CcxtMarket; readonly note?: string }
  | { readonly match: 'many'; readonly candidates: readonly CcxtMarket[] }
  | { readonly match: 'none' };

const LONGEST_SYMBOL = 64;
const NEAREST = 3;
/** A name further off than this is no help. */
const MAX_DISTANCE = 4;

const isSpot = (m: CcxtMarket): boolean => m.type === 'spot' && m.settle === undefined;

/**
 * What a written symbol means. In this order: the unified name as it is (`BTC/USDT`, `BTC/USDT:USDT`); base and quote,
 * however parted (`BTC-USDT`, `btc_usdt`); the venue's own name or the bare letters (`BTCUSDT`). Where a spelling fits
 * spot and derivatives alike, it means spot, and a note says so.
 */
export function matchSymbol(symbol: string, markets: readonly CcxtMarket[]): SymbolMatch {
  const written = symbol.trim().toUpperCase();
  const exact = markets.filter((m) => m.symbol.toUpperCase() === written);
  if (exact[0]) return pick(exact, symbol);
  if (written.includes(':')) return { match: 'none' };
  const parts = written.split(/[/\-_ ]/);
  const [base, quote] = parts;
  const named = markets.filter((m) => m.id.toUpperCase() === written);
  const parted =
    parts.length === 2 ? markets.filter((m) => isSpot(m) && m.base === base && m.quote === quote) : [];
  const bare =
    parts.length === 1
      ? markets.filter((m) => isSpot(m) && bareSymbol(m.base + m.quote) === bareSymbol(written))
      : [];
  return pick([...new Set([...named, ...parted, ...bare])], symbol);
}

function pick(found: readonly CcxtMarket[], symbol: string): SymbolMatch {
  const spot = found.filter(isSpot);
  const pool = spot.length > 0 ? spot : found;
  const [market, ...rest] = pool;
  if (!market) return { match: 'none' };
  if (rest.length > 0) return { match: 'many', candidates: pool };
  return market.symbol === symbol
    ? { match: 'one', market }
    : { match: 'one', market, note: noteOn(symbol, market) };
}

const noteOn = (symbol: string, market: CcxtMarket): string =>
  isSpot(market)
    ? `${symbol} was taken as the spot instrument ${market.symbol}`
    : `${symbol} was taken as ${market.symbol} (${market.type})`;

/** Up to three known symbols that look like this one, nearest first. */
export function nearestSymbols(symbol: string, markets: readonly CcxtMarket[]): readonly string[] {
  if (symbol.length > LONGEST_SYMBOL) return [];
  const wanted = bareSymbol(symbol);
  return markets
    .map((m) => ({ symbol: m.symbol, distance: distance(wanted, bareSymbol(m.symbol), MAX_DISTANCE) }))
    .filter((c) => c.distance <= MAX_DISTANCE)
    .sort((a, b) => a.distance - b.distance || (a.symbol < b.symbol ? -1 : 1))
    .slice(0, NEAREST)
    .map((c) => c.symbol);
}

/** Edit distance, or something above `max` as soon as it must be. */
function distance(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? max + 1;
}

const KINDS = new Set(['spot', 'swap', 'future', 'option', 'index']);

/** A market as the port knows it. */
export function sourceMarket(sourceId: string, market: CcxtMarket, note?: string): SourceMarket {
  return {
    instrument: `${sourceId}:${market.symbol}`,
    marketId: market.id,
    kind: KINDS.has(market.type) ? (market.type as SourceMarket['kind']) : 'other',
    active: market.active !== false,
    ...(note === undefined ? {} : { note }),
  };
}

/** A market as the port lists it. */
export function listedMarket(sourceId: string, m: CcxtMarket, turnover: string | undefined): ListedMarket {
  const listed = { ...sourceMarket(sourceId, m), base: m.base, quote: m.quote, settle: m.settle ?? null };
  return turnover === undefined ? listed : { ...listed, turnover };
}

export const unknownSymbol = (source: string, symbol: string, nearest: readonly string[]): SourceError =>
  new SourceError(
    'SYMBOL_UNKNOWN',
    `${source} has no instrument ${symbol.slice(0, LONGEST_SYMBOL)}${nearest.length > 0 ? `; near: ${nearest.join(', ')}` : ''}`,
    { scope: 'series', details: { symbol: symbol.slice(0, LONGEST_SYMBOL), nearest } },
  );

export function ambiguousSymbol(
  source: string,
  symbol: string,
  candidates: readonly CcxtMarket[],
): SourceError {
  const names = candidates.map((m) => m.symbol);
  return new SourceError(
    'SYMBOL_AMBIGUOUS',
    `${source}: ${symbol} may mean ${names.join(' or ')}; write one of these`,
    {
      scope: 'series',
      details: { symbol, candidates: names },
    },
  );
}
