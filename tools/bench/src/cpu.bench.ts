/**
 * What our layers cost: processor time of `collect` over ccxt's own endpoint method, a map of the rows by hand and the
 * same chunk commits. Both in this process, with everything but the venue counted.
 */
import { collectDirect } from './direct.ts';
import { collectOurs } from './ours.ts';
import { scratch, startReplay, startVenue } from './processes.ts';
import { QUICK, report, round } from './result.ts';
import { interleave, type Measure } from './rounds.ts';
import { minutes, PAGE, rowsIn } from './spans.ts';

const STEP = 60_000;
const FROM = Math.floor(Date.UTC(2021, 5, 1) / (PAGE * STEP)) * PAGE * STEP;
const SPANS = minutes(['BTCUSDT', 'XRPUSDT'], FROM, QUICK ? 3_000 : 150_000);

async function cpuOf(work: Promise<number>): Promise<Measure> {
  const before = process.cpuUsage();
  const rows = await work;
  const { user, system } = process.cpuUsage(before);
  return { rows, usPerRow: (user + system) / rows };
}

const [venue, place] = [await startVenue(['--seed', 'bench']), scratch()];
const replay = await startReplay(venue.said);
const near = { ...venue.said, url: replay.said.url };
const took = await interleave(
  {
    direct: (n) => cpuOf(collectDirect(near, place.file(`direct-${n}.sqlite`), SPANS)),
    ours: (n) => cpuOf(collectOurs(near, place.file(`ours-${n}.sqlite`), SPANS).then((t) => t.rows)),
  },
  7,
);
await replay.stop();
await venue.stop();
place.remove();
const ratio = round(took.ratio('direct', 'ours', 'usPerRow'));
report({
  name: 'processor time of all layers',
  figures: {
    rows: rowsIn(SPANS),
    direct_us_per_1000: round(took.of('direct', 'usPerRow') * 1_000, 0),
    ours_us_per_1000: round(took.of('ours', 'usPerRow') * 1_000, 0),
    spread: took.spread('ours', 'usPerRow'),
  },
  ratio,
  floor: "ccxt's endpoint method + own map + the same chunk commits",
  target: '≥ 0.9',
  met: ratio >= 0.9,
});
