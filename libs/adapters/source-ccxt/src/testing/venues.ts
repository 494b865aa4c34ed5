import { gridOf, type Row, type TimeRange, type Timeframe } from '@kairos/domain';
import type { VenueBudget } from '@kairos/ports';
import { DIALECTS, fixedClock, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { createCcxtSources } from '../registry.ts';
import { NotingBudget } from './bench.ts';

/** A Tuesday, in the middle of a minute, an hour and a day. */
export const NOW = Date.UTC(2024, 2, 5, 13, 37, 41, 250);
/** A day on no month, week or quarter's edge. */
export const LISTED = Date.UTC(2023, 8, 12, 7);

/** A venue that speaks for every exchange of the table, at a clock that stands still. */
export const startVenues = (): Promise<SandboxVenue> =>
  startSandboxVenue({
    mode: { kind: 'synthetic', seed: 7, listedAt: LISTED },
    clock: fixedClock(NOW),
    dialects: DIALECTS,
  });

/** A source of one exchange at that venue, by its clock. */
export async function openVenue(
  exchange: string,
  venue: SandboxVenue,
  budget: VenueBudget = new NotingBudget(),
) {
  const clock = new FakeClock({ now: NOW });
  const sources = { [exchange]: { baseUrl: venue.url, realm: venue.realm, timeoutMs: 5_000 } };
  const registry = createCcxtSources({ sources, budget, clock, log: silentLogger });
  return { source: await registry.open(exchange), registry, clock };
}

export interface TruthQuery extends TimeRange {
  readonly symbol?: string;
  readonly interval?: string;
  /** With quote volume and trades. */
  readonly full?: boolean;
}

/** Binance spot's own words for the same bars, read without the adapter. ccxt keeps no more of a row than volume. */
export async function truthOf(
  venue: SandboxVenue,
  { symbol = 'BTCUSDT', interval = '1m', full = false, ...range }: TruthQuery,
): Promise<readonly Row[]> {
  const rows: (readonly (string | number)[])[] = [];
  for (let from = range.from; from < range.to; from = Number(rows.at(-1)?.[0]) + 1) {
    const query = `symbol=${symbol}&interval=${interval}&startTime=${from}&endTime=${range.to - 1}&limit=1000`;
    const response = await fetch(`${venue.url}/api/v3/klines?${query}`);
    const page = (await response.json()) as typeof rows;
    if (page.length === 0) break;
    rows.push(...page);
  }
  return rows.map((r) => ({
    ts: Number(r[0]),
    values: [...r.slice(1, 6), ...(full ? [r[7] ?? null, r[8] ?? null] : [null, null])],
  }));
}

/** The last `slots` closed slots, ending `back` slots ago. */
export function slotsBack(timeframe: Timeframe, slots: number, back: number, anchorMs = 0): TimeRange {
  const grid = gridOf(timeframe, anchorMs);
  const end = grid.indexOf(NOW) - back;
  return { from: grid.openOf(end - slots), to: grid.openOf(end) };
}

export const minutesBack = (slots: number, back = 0): TimeRange => slotsBack('1m', slots, back);
