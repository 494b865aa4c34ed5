/**
 * Backfill end to end, ours over the floor "undici + JSON.parse + prepared upsert per page": the same answers, the same
 * disk, everything included from opening the store to closing it.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { collectFloor } from './floor.ts';
import { collectOurs } from './ours.ts';
import { scratch, startReplay, startVenue } from './processes.ts';
import { DATA_DIR } from './recorded.ts';
import { QUICK, report, round } from './result.ts';
import { interleave } from './rounds.ts';
import { minutes, rowsIn, type Span } from './spans.ts';

const RECORDED = resolve(DATA_DIR, 'candles/binance');
const stretch = (symbol: string, timeframe: string, from: number, to: number): Span => ({
  symbol,
  timeframe,
  from,
  to,
});
const HOURLY = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT'];
/** Stretches without holes: confirming an absence waits a second between reads, which is no matter of speed. */
const RECORDED_SPANS: readonly Span[] = [
  stretch('APEUSDT', '5m', Date.UTC(2022, 2, 17, 14, 30), Date.UTC(2022, 8, 30, 9, 15)),
  stretch('SOLUSDT', '15m', Date.UTC(2021, 8, 29, 9), Date.UTC(2022, 9, 11, 8)),
  ...HOURLY.map((symbol) => stretch(symbol, '1h', Date.UTC(2021, 8, 29, 9), Date.UTC(2022, 9, 11, 10))),
];
const MADE_UP = minutes(['BTCUSDT', 'XRPUSDT'], Date.UTC(2021, 5, 1), QUICK ? 3_000 : 500_000);

async function measure(what: string, venueArgs: readonly string[], spans: readonly Span[]): Promise<void> {
  const [venue, place] = [await startVenue(venueArgs), scratch()];
  const replay = await startReplay(venue.said);
  const near = { ...venue.said, url: replay.said.url };
  const rate = async (work: Promise<number>): Promise<{ readonly rowsPerS: number }> => {
    const began = performance.now();
    return { rowsPerS: ((await work) / (performance.now() - began)) * 1_000 };
  };
  const took = await interleave(
    {
      floor: (n) => rate(collectFloor(near.url, place.file(`floor-${n}.sqlite`), spans)),
      ours: (n) => rate(collectOurs(near, place.file(`ours-${n}.sqlite`), spans).then((t) => t.rows)),
    },
    5,
  );
  await replay.stop();
  await venue.stop();
  place.remove();
  const ratio = round(took.ratio('ours', 'floor', 'rowsPerS'));
  report({
    name: `backfill end to end, ${what}`,
    figures: {
      rows: rowsIn(spans),
      floor_rows_per_s: Math.round(took.of('floor', 'rowsPerS')),
      ours_rows_per_s: Math.round(took.of('ours', 'rowsPerS')),
      spread: took.spread('ours', 'rowsPerS'),
    },
    ratio,
    floor: 'undici + JSON.parse + prepared upsert per page',
    target: '≥ 1.2',
    met: ratio >= 1.2,
  });
}

await measure('eight columns', ['--seed', 'bench'], MADE_UP);
if (existsSync(join(RECORDED, 'APEUSDT-5m.csv.gz')))
  await measure('recorded', ['--recording', RECORDED], RECORDED_SPANS);
else console.log('recorded backfill left out: the recorded candles are not beside the project');
