import { gridOf, nominalMs } from '@kairos/domain';

/** A stretch of a venue's candles that is collected. Bounds are opens; the end is exclusive. */
export interface Span {
  readonly symbol: string;
  readonly timeframe: string;
  readonly from: number;
  readonly to: number;
}

/** Rows of a request, as the venue allows. */
export const PAGE = 1_000;

export const slotsOf = ({ timeframe, from, to }: Span): number => (to - from) / nominalMs(gridOf(timeframe));
export const rowsIn = (spans: readonly Span[]): number => spans.reduce((sum, span) => sum + slotsOf(span), 0);

/** One-minute candles of some synthetic symbols, from the instant on. */
export const minutes = (symbols: readonly string[], from: number, rows: number): Span[] =>
  symbols.map((symbol) => ({ symbol, timeframe: '1m', from, to: from + rows * 60_000 }));

/** The requests that bring a span, page after page. */
export function pagesOf(span: Span, from = span.from): { readonly from: number; readonly to: number }[] {
  const step = PAGE * nominalMs(gridOf(span.timeframe));
  const pages: { from: number; to: number }[] = [];
  for (let at = from; at < span.to; at += step)
    pages.push({ from: Math.max(at, span.from), to: Math.min(span.to, at + step) });
  return pages;
}

export const pathOf = (span: Span, page: { readonly from: number; readonly to: number }): string =>
  `/api/v3/klines?symbol=${span.symbol}&interval=${span.timeframe}&startTime=${page.from}&endTime=${page.to - 1}&limit=${PAGE}`;
