/** `POST /task` at the real server over bare `node:http` with the same rooms behind it: what the HTTP door itself costs. */
import { loadWith } from './http-load.ts';
import { scratch, start, startVenue } from './processes.ts';
import { QUICK, report, round } from './result.ts';
import { interleave, type Measure } from './rounds.ts';
import { startServer } from './server-process.ts';

const CONNECTIONS = 32;
const ROUND_MS = QUICK ? 200 : 3_000;
/** Its start lies far ahead, so it is taken and never run; sent again, it is checked again and found to be there. */
const SIGNAL = JSON.stringify({
  action: 'create_task',
  task_id: 'bench',
  project_id: 'bench',
  dataset: 'btc_klines',
  data_type: 'kline',
  source: 'bench',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  frequency: '1h',
  start_time: '2099-01-01T00:00:00Z',
  config: { batch_size: 1_000, history_days: 30 },
});

const [venue, place] = [await startVenue(['--seed', 'bench']), scratch()];
const bare = await start<{ readonly url: string }>('bare-http', [venue.said.url, venue.said.realm]);
const server = await startServer({ dir: place.dir, store: 'memory', venue: venue.said });
const load = async (url: string): Promise<Measure> => ({
  ...(await loadWith({ url, path: '/task', body: SIGNAL, connections: CONNECTIONS }, ROUND_MS)),
});
const took = await interleave({ bare: () => load(bare.said.url), ours: () => load(server.url) }, 7);
await server.stop();
await bare.stop();
await venue.stop();
place.remove();
const ratio = round(took.ratio('ours', 'bare', 'perS'));
report({
  name: 'POST /task',
  figures: {
    bare_per_s: Math.round(took.of('bare', 'perS')),
    ours_per_s: Math.round(took.of('ours', 'perS')),
    spread: took.spread('ours', 'perS'),
    ours_p99_ms: round(took.of('ours', 'p99Ms'), 1),
    connections: CONNECTIONS,
  },
  ratio,
  floor: 'node:http + the same validation and rooms',
  target: '≥ 0.9',
  met: ratio >= 0.9,
});
