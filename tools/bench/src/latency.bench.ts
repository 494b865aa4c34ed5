/** A venue 20 ms away, eight requests in flight: ours over the raw floor, which knows all its pages beforehand. */
import { collectFloor } from './floor.ts';
import { collectOurs } from './ours.ts';
import { scratch, startReplay, startVenue } from './processes.ts';
import { QUICK, report, round } from './result.ts';
import { interleave, type Measure } from './rounds.ts';
import { minutes, rowsIn } from './spans.ts';

const LATENCY_MS = 20;
const WIDTH = 8;
const SPANS = minutes(['BTCUSDT', 'XRPUSDT', 'ETHUSDT'], Date.UTC(2021, 5, 1), QUICK ? 3_000 : 150_000);

async function rate(work: Promise<number>): Promise<Measure> {
  const began = performance.now();
  return { rowsPerS: ((await work) / (performance.now() - began)) * 1_000 };
}

const [venue, place] = [await startVenue(['--seed', 'bench']), scratch()];
const replay = await startReplay(venue.said, LATENCY_MS);
const far = { ...venue.said, url: replay.said.url };
const took = await interleave(
  {
    floor: (n) => rate(collectFloor(far.url, place.file(`floor-${n}.sqlite`), SPANS, WIDTH)),
    ours: (n) => rate(collectOurs(far, place.file(`ours-${n}.sqlite`), SPANS).then((t) => t.rows)),
  },
  5,
);
await replay.stop();
await venue.stop();
place.remove();
const ratio = round(took.ratio('ours', 'floor', 'rowsPerS'));
report({
  name: '20 ms away, eight in flight',
  figures: {
    rows: rowsIn(SPANS),
    floor_rows_per_s: Math.round(took.of('floor', 'rowsPerS')),
    ours_rows_per_s: Math.round(took.of('ours', 'rowsPerS')),
    spread: took.spread('ours', 'rowsPerS'),
  },
  ratio,
  floor: 'undici + JSON.parse + prepared upsert per page, eight at once',
  target: '≥ 0.9',
  met: ratio >= 0.9,
});
