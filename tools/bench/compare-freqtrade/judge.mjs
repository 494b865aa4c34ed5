// What is left behind, held against what the venue truly has.
const MINUTE = 60_000;
const PAGE = 1_000;

/** The venue's rows of a span by open time, asked from it directly, eight at once. */
export async function truthOf(venue, { symbols, from, to }) {
  const truth = new Map(symbols.map((symbol) => [symbol, new Map()]));
  const pages = symbols.flatMap((symbol) =>
    Array.from({ length: Math.ceil((to - from) / MINUTE / PAGE) }, (_, n) => [
      symbol,
      from + n * PAGE * MINUTE,
    ]),
  );
  async function reader() {
    for (let page = pages.pop(); page; page = pages.pop()) {
      const [symbol, start] = page;
      const query = new URLSearchParams({
        symbol: symbol.replace('/', ''),
        interval: '1m',
        startTime: start,
        endTime: to - 1,
        limit: PAGE,
      });
      const answer = await fetch(`${venue.url}/api/v3/klines?${query}`);
      for (const row of await answer.json()) truth.get(symbol).set(row[0], row.slice(1, 6).map(Number));
    }
  }
  await Promise.all(Array.from({ length: 8 }, reader));
  return truth;
}

/** Rows of the span that are missing, there twice, wrong, or on no bar's open time. Rows outside the span are let be. */
export function judge(truth, kept, { from, to }) {
  const verdict = { rows: 0, missing: 0, doubled: 0, wrong: 0, foreign: 0 };
  for (const [symbol, bars] of truth) {
    const seen = new Set();
    for (const [ts, ...values] of kept.get(symbol) ?? []) {
      if (ts < from || ts >= to) continue;
      const bar = bars.get(ts);
      verdict.rows += 1;
      if (!bar) verdict.foreign += 1;
      else if (seen.has(ts)) verdict.doubled += 1;
      else if (values.some((value, n) => value !== bar[n])) verdict.wrong += 1;
      seen.add(ts);
    }
    for (const ts of bars.keys()) if (!seen.has(ts)) verdict.missing += 1;
  }
  return verdict;
}
