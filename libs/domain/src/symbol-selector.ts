import { compareDecimals } from './decimal.ts';
import { bareSymbol, sameSymbol } from './symbol.ts';

/**
 * Entries of a task's `symbols`. A *name* is one instrument, as written. A *selector* stands for what a source lists at
 * the time: a pattern such as `BTC/*` (spot) or `BTC/*:USDT` (swaps), in which a star is any run of characters of base,
 * quote or settle; or `top:50:USDT` (spot, by the turnover of 24 hours). An *exclusion* is `!` before a name or a pattern
 * and takes away from what selectors find, wherever it stands. Names are never taken away: the particular outranks the
 * general.
 */
export type SymbolEntry =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'pattern'; readonly text: string; readonly pattern: SymbolPattern }
  | { readonly kind: 'top'; readonly text: string; readonly count: number; readonly quote: string }
  | { readonly kind: 'exclusion'; readonly text: string; readonly pattern: SymbolPattern | string };

/** Parts in upper case, in which `*` stands for any letters, also none. `settle` null: spot. */
export interface SymbolPattern {
  readonly base: string;
  readonly quote: string;
  readonly settle: string | null;
}

/** What is wrong with an entry. */
export type SymbolEntryProblem = 'selector_pattern' | 'selector_top' | 'selector_exclusion';

/** A task has at most so many series, and a `top:` list so many members. */
export const MAX_SERIES = 1_000;

/** What selecting goes by. */
export interface SelectableMarket {
  /** `binance:BTC/USDT` */
  readonly instrument: string;
  readonly marketId: string;
  readonly kind: string;
  readonly active: boolean;
  readonly base: string;
  readonly quote: string;
  readonly settle: string | null;
  /** Decimal text; undefined: not known, and in no `top:` list. */
  readonly turnover?: string | undefined;
}

const PATTERN = /^([\p{L}\p{N}._*-]+)\/([\p{L}\p{N}._*-]+)(?::([\p{L}\p{N}._*-]+))?$/u;
const TOP = /^top:([1-9]\d{0,3}):([\p{L}\p{N}._-]+)$/iu;

/** Reads one entry. Which characters a name may hold is the door's to judge. */
export function parseSymbolEntry(
  text: string,
): SymbolEntry | { readonly kind: 'wrong'; readonly problem: SymbolEntryProblem } {
  if (text.startsWith('!')) {
    const pattern = exclusionOf(text.slice(1));
    return pattern === undefined
      ? { kind: 'wrong', problem: 'selector_exclusion' }
      : { kind: 'exclusion', text, pattern };
  }
  if (/^top:/i.test(text)) {
    const [, count, quote] = TOP.exec(text) ?? [];
    return quote === undefined || Number(count) > MAX_SERIES
      ? { kind: 'wrong', problem: 'selector_top' }
      : { kind: 'top', text, count: Number(count), quote: quote.toUpperCase() };
  }
  if (text.includes('!')) return { kind: 'wrong', problem: 'selector_exclusion' };
  if (!text.includes('*')) return { kind: 'name', text };
  const pattern = patternOf(text);
  return pattern ? { kind: 'pattern', text, pattern } : { kind: 'wrong', problem: 'selector_pattern' };
}

function patternOf(text: string): SymbolPattern | undefined {
  const [, base, quote, settle] = PATTERN.exec(text.toUpperCase()) ?? [];
  return base === undefined || quote === undefined ? undefined : { base, quote, settle: settle ?? null };
}

/** A pattern, or a name without parts such as `BTCUSDT`. */
function exclusionOf(text: string): SymbolPattern | string | undefined {
  if (text.includes('!') || /^top:/i.test(text)) return undefined;
  return patternOf(text) ?? (/[*/:]/.test(text) || bareSymbol(text) === '' ? undefined : text);
}

/** The entries of a list by kind. Wrong ones are left out: a door has refused them. */
export interface SymbolSelection {
  readonly names: readonly string[];
  /** In an order of their own, so that the order of writing means nothing. */
  readonly selectors: readonly Extract<SymbolEntry, { readonly kind: 'pattern' | 'top' }>[];
  readonly exclusions: readonly Extract<SymbolEntry, { readonly kind: 'exclusion' }>[];
}

const byText = (a: { readonly text: string }, b: { readonly text: string }): number =>
  a.text < b.text ? -1 : a.text > b.text ? 1 : 0;

export function parseSymbols(symbols: readonly string[]): SymbolSelection {
  const entries = [...new Set(symbols)].map(parseSymbolEntry);
  const tops = entries.filter((e) => e.kind === 'top').sort(byText);
  const patterns = entries.filter((e) => e.kind === 'pattern').sort(byText);
  return {
    names: entries.filter((e) => e.kind === 'name').map((e) => e.text),
    selectors: [...tops, ...patterns],
    exclusions: entries.filter((e) => e.kind === 'exclusion'),
  };
}

/** Whether the list follows what a source lists, rather than being fixed. */
export const followsListings = (symbols: readonly string[]): boolean =>
  parseSymbols(symbols).selectors.length > 0;

/** Most instruments a pattern with a given base is reckoned to find: a coin has few quotes. */
const QUOTES_OF_A_BASE = 50;

/** How many series the list may come to at most, for judging a task before anything is listed. */
export function mostSeries(symbols: readonly string[]): number {
  const { names, selectors } = parseSymbols(symbols);
  const found = selectors.map((s) => {
    if (s.kind === 'top') return s.count;
    return s.pattern.base.includes('*') ? MAX_SERIES : QUOTES_OF_A_BASE;
  });
  return found.reduce((sum, n) => Math.max(names.length, Math.min(MAX_SERIES, sum + n)), names.length);
}

type Parts = Pick<SelectableMarket, 'base' | 'quote' | 'settle'>;

/** `BTC/USDT:USDT` in its parts; undefined for a name that is not written so. */
export function symbolParts(symbol: string): Parts | undefined {
  const parts = symbol.includes('*') ? undefined : patternOf(symbol);
  return parts && { base: parts.base, quote: parts.quote, settle: parts.settle };
}

/** `*` for any run of characters, also none. Linear but for a step back to the latest `*`. */
function globMatches(glob: string, text: string): boolean {
  let g = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (glob[g] === '*') {
      star = g;
      resume = t;
      g += 1;
    } else if (g < glob.length && glob[g] === text[t]) {
      g += 1;
      t += 1;
    } else if (star >= 0) {
      g = star + 1;
      resume += 1;
      t = resume;
    } else return false;
  }
  while (glob[g] === '*') g += 1;
  return g === glob.length;
}

/** Whether the pattern fits, whatever the kind and standing of the market. */
export function patternMatches(pattern: SymbolPattern, parts: Parts): boolean {
  const upper = (text: string): string => text.toUpperCase();
  if ((pattern.settle === null) !== (parts.settle === null)) return false;
  return (
    globMatches(pattern.base, upper(parts.base)) &&
    globMatches(pattern.quote, upper(parts.quote)) &&
    (pattern.settle === null || globMatches(pattern.settle, upper(parts.settle ?? '')))
  );
}

/** Whether an exclusion of the list takes this away. */
export const isExcluded = (selection: SymbolSelection, parts: Parts): boolean =>
  selection.exclusions.some(({ pattern }) =>
    typeof pattern === 'string'
      ? parts.settle === null && bareSymbol(pattern) === bareSymbol(parts.base + parts.quote)
      : patternMatches(pattern, parts),
  );

/** The first name of the list that an exclusion names too, to the letter or nearly; undefined: none. */
export function contradiction(selection: SymbolSelection): string | undefined {
  const excluded = selection.exclusions.map((e) => e.text.slice(1)).filter((text) => !text.includes('*'));
  return selection.names.find((name) => excluded.some((other) => sameSymbol(name, other)));
}

/** `BTC/USDT` of `binance:BTC/USDT`. */
export const symbolOf = (instrument: string): string => instrument.slice(instrument.indexOf(':') + 1);

/** A market and the selector, as written, that found it. */
export interface SelectedMarket<M extends SelectableMarket> {
  readonly market: M;
  readonly by: string;
}

export interface SymbolSelected<M extends SelectableMarket> {
  /** Each market once: members of `top:` lists by rank, then what patterns find by symbol. */
  readonly found: readonly SelectedMarket<M>[];
  /** Selectors that are left with nothing. */
  readonly barren: readonly string[];
}

/** What the selectors of a list find among these markets: active ones only, spot or swap, exclusions taken away. */
export function selectMarkets<M extends SelectableMarket>(
  selection: SymbolSelection,
  markets: readonly M[],
): SymbolSelected<M> {
  const pool = markets.filter((m) => m.active && m.kind === (m.settle === null ? 'spot' : 'swap'));
  const sorted = pool.sort((a, b) =>
    a.instrument < b.instrument ? -1 : a.instrument > b.instrument ? 1 : 0,
  );
  const found = new Map<string, SelectedMarket<M>>();
  const barren: string[] = [];
  for (const selector of selection.selectors) {
    const chosen = chosenBy(selector, sorted).filter((m) => !isExcluded(selection, m));
    if (chosen.length === 0) barren.push(selector.text);
    for (const market of chosen)
      if (!found.has(market.instrument)) found.set(market.instrument, { market, by: selector.text });
  }
  return { found: [...found.values()], barren };
}

function chosenBy<M extends SelectableMarket>(
  selector: SymbolSelection['selectors'][number],
  sorted: readonly M[],
): readonly M[] {
  if (selector.kind === 'pattern') return sorted.filter((m) => patternMatches(selector.pattern, m));
  const ranked = sorted.flatMap((market) => {
    const { settle, quote, turnover } = market;
    return settle === null && quote.toUpperCase() === selector.quote && turnover !== undefined
      ? [{ market, turnover }]
      : [];
  });
  // The sort is stable: equal turnovers stay in the order of their symbols.
  ranked.sort((a, b) => compareDecimals(b.turnover, a.turnover));
  return ranked.slice(0, selector.count).map((r) => r.market);
}
