/** The letters and digits of a written symbol, upper case: `btc-usdt`, `BTC/USDT` and `BTCUSDT` all give `BTCUSDT`. */
export const bareSymbol = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();

/** Whether two written names can mean one instrument: equal as written, or the same base and quote without a settle part. */
export function sameSymbol(a: string, b: string): boolean {
  if (a === b) return true;
  const settled = (s: string): boolean => s.includes(':');
  return settled(a) === settled(b) && bareSymbol(a) === bareSymbol(b);
}
