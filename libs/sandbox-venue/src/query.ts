import { isInterval } from './intervals.ts';
import type { Interval } from './intervals.ts';
import { illegal, invalidCombination, invalidInterval, invalidValue, missing } from './refusal.ts';

/** Reads of query parameters with the refusals Binance gives; the legal ranges are quoted from its answers. */
export type Query = URLSearchParams;

const SYMBOL_RANGE = '^[A-Z0-9-_.]{1,20}$';
const SYMBOLS_RANGE = '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$';
const NUMBER_RANGE = '^[0-9]{1,20}$';
const SYMBOL = /^[A-Z0-9\-_.]{1,20}$/;
const SYMBOLS = /^\[(?:"[A-Z0-9\-_.]{1,20}"(?:,"[A-Z0-9\-_.]{1,20}")*)?\]$/;
const NUMBER = /^[0-9]{1,20}$/;

export function symbolOf(query: Query): string {
  const symbol = optionalSymbolOf(query);
  if (symbol === undefined) throw missing('symbol');
  return symbol;
}

export function intervalOf(query: Query): Interval {
  const interval = query.get('interval') ?? '';
  if (interval === '') throw missing('interval');
  if (!isInterval(interval)) throw invalidInterval();
  return interval;
}

/** A whole number such as a time or an identifier, or undefined if it was not sent. */
export function numberOf(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!NUMBER.test(text)) throw illegal(name, NUMBER_RANGE);
  return Number(text);
}

/** The page size: `standard` if not sent, clamped to `largest`; zero is refused. */
export function limitOf(query: Query, standard: number, largest: number): number {
  const limit = numberOf(query, 'limit') ?? standard;
  if (limit === 0) throw invalidValue('limit');
  return Math.min(limit, largest);
}

/** `symbol=A`, `symbols=["A","B"]` or neither. Throws if both are sent. */
export function selectionOf(query: Query): { one: string } | { many: readonly string[] } | undefined {
  const one = optionalSymbolOf(query);
  const many = query.get('symbols');
  if (one !== undefined && many !== null) throw invalidCombination();
  if (one !== undefined) return { one };
  if (many === null) return undefined;
  if (!SYMBOLS.test(many)) throw illegal('symbols', SYMBOLS_RANGE);
  return { many: many.match(/[^"[\],]+/g) ?? [] };
}

function optionalSymbolOf(query: Query): string | undefined {
  const symbol = query.get('symbol');
  if (symbol === null) return undefined;
  if (symbol === '') throw missing('symbol');
  if (!SYMBOL.test(symbol)) throw illegal('symbol', SYMBOL_RANGE);
  return symbol;
}
