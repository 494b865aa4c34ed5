/** Five million candles backfilled by the server: the most memory that its process ever held. */
import { scratch, startVenue } from './processes.ts';
import { QUICK, report, round } from './result.ts';
import { startServer } from './server-process.ts';
import { rowsIn, minutes } from './spans.ts';

const SYMBOLS = [
  'BTCUSDT',
  'ETHUSDT',
  'BNBUSDT',
  'SOLUSDT',
  'XRPUSDT',
  'ADAUSDT',
  'DOGEUSDT',
  'LTCUSDT',
  'LINKUSDT',
  'AVAXUSDT',
];
const SPANS = minutes(SYMBOLS, Date.UTC(2022, 0, 1), QUICK ? 2_000 : 500_000);
const [first] = SPANS;
if (!first) throw new Error('nothing to collect');

const [venue, place] = [await startVenue(['--seed', 'bench', '--weight-limit', '10000000']), scratch()];
const server = await startServer({ dir: place.dir, store: place.file('kairos.sqlite'), venue: venue.said });
const atRest = server.peakMb();
const began = performance.now();
await server.signal({
  action: 'create_task',
  task_id: 'history',
  project_id: 'bench',
  dataset: 'bench',
  data_type: 'kline',
  source: 'bench',
  symbols: SYMBOLS,
  frequency: '1m',
  start_time: new Date(first.from).toISOString(),
  end_time: new Date(first.to).toISOString(),
});
for (;;) {
  const { status } = await server.get('/v1/tasks/history');
  if (status === 'completed') break;
  if (status !== 'running') throw new Error(`the backfill is ${String(status)}`);
  await new Promise((resume) => setTimeout(resume, QUICK ? 50 : 500));
}
const seconds = (performance.now() - began) / 1_000;
const peak = server.peakMb();
await server.stop();
await venue.stop();
place.remove();
report({
  name: 'memory of a backfill of 5 M candles',
  figures: {
    rows: rowsIn(SPANS),
    peak_rss_mb: round(peak, 0),
    at_rest_mb: round(atRest, 0),
    seconds: round(seconds, 1),
    rows_per_s: Math.round(rowsIn(SPANS) / seconds),
  },
  target: '≤ 300 MB',
  met: peak <= 300,
});
