/**
 * The schedule grammar beside croner, cron-parser and aws-cron-parser: how many of AWS's expressions each reads as its
 * documents say, how long 10,000 schedules take to be planned, and how many instants each finds in a second.
 */
import { interleave, type Measure } from './rounds.ts';
import { QUICK, report, round } from './result.ts';
import { EVALUATORS, refuses, slotsOf, type Evaluator } from './schedule-peers.ts';
import { DOCUMENTED, DST, OPEN, RULED_OUT } from './schedule-table.ts';

const NOW = Date.UTC(2026, 10, 22);
const SCHEDULES = QUICK ? 500 : 10_000;
const ROUNDS = 3;

const evaluates = (evaluator: Evaluator, table: typeof DOCUMENTED): number =>
  table.filter(([fields, slots]) => slotsOf(evaluator, ['UTC', fields], [NOW, 3]) === slots).length;

function keepsDst(evaluator: Evaluator): number {
  if (!evaluator.zones) return 0;
  return DST.filter(([zone, fields, after, slots]) => {
    const n = slots.split(' ').length;
    return slotsOf(evaluator, [zone, fields], [Date.parse(`${after}Z`), n]) === slots;
  }).length;
}

interface Score {
  readonly evaluate: number;
  readonly reject: number;
  readonly dst: number;
  readonly open: number;
}

const scoreOf = (evaluator: Evaluator): Score => ({
  evaluate: evaluates(evaluator, DOCUMENTED),
  reject: RULED_OUT.filter((fields) => refuses(evaluator, fields)).length,
  dst: keepsDst(evaluator),
  open: evaluates(evaluator, OPEN),
});

const asDocumented = ({ evaluate, reject, dst }: Score): number => evaluate + reject + dst;

const scores = EVALUATORS.map((evaluator) => ({ name: evaluator.name, score: scoreOf(evaluator) }));
const most = DOCUMENTED.length + RULED_OUT.length + DST.length;
for (const { name, score } of scores)
  console.log(
    `${name.padEnd(16)} evaluates ${score.evaluate}/${DOCUMENTED.length}, rejects ${score.reject}/${RULED_OUT.length}, ` +
      `clock changes ${score.dst}/${DST.length}, left open by AWS and read as we do ${score.open}/${OPEN.length}`,
  );
const own = scores.find(({ name }) => name === 'kairos')?.score ?? {
  evaluate: 0,
  reject: 0,
  dst: 0,
  open: 0,
};
report({
  name: 'AWS schedules read as documented',
  figures: Object.fromEntries(
    scores.map(({ name, score }) => [name.replaceAll('-', '_'), `${asDocumented(score)}/${most}`]),
  ),
  target: 'all',
  met: asDocumented(own) === most && own.open === OPEN.length,
});

const ZONES = ['UTC', 'Asia/Shanghai', 'America/New_York', 'Europe/London', 'Asia/Tokyo', 'Asia/Kolkata'];

/** Another ten thousand each round, so that nothing is remembered of the round before. */
const fieldsOf = (i: number): string =>
  `${i % 60} ${Math.floor(i / 60) % 24} ${1 + (Math.floor(i / 1_440) % 28)} * ? *`;

/** The others plan a tenth, which says as much: nothing of theirs is shared between schedules. */
const PEER_SHARE = 10;

function planAll(evaluator: Evaluator, from: number, share = 1): Measure {
  const began = performance.now();
  for (let i = from; i < from + SCHEDULES / share; i += 1) {
    const zone = ZONES[i % ZONES.length] ?? 'UTC';
    if (evaluator.plan(fieldsOf(i), zone)(NOW + i * 1_000) === null)
      throw new Error(`${fieldsOf(i)} never comes`);
  }
  return { ms: (performance.now() - began) * share };
}

const byName = (name: string): Evaluator => {
  const found = EVALUATORS.find((evaluator) => evaluator.name === name);
  if (!found) throw new Error(name);
  return found;
};

const planned = await interleave(
  {
    kairos: (n) => planAll(byName('kairos'), n * SCHEDULES),
    again: (n) => planAll(byName('kairos'), n * SCHEDULES),
    croner: (n) => planAll(byName('croner'), n * SCHEDULES, PEER_SHARE),
    'cron-parser': (n) => planAll(byName('cron-parser'), n * SCHEDULES, PEER_SHARE),
  },
  ROUNDS,
);
const planMs = round(planned.of('kairos', 'ms'), 1);
report({
  name: `${SCHEDULES.toLocaleString('en')} schedules planned`,
  figures: {
    ours_ms: planMs,
    ours_again_ms: round(planned.of('again', 'ms'), 1),
    croner_ms: round(planned.of('croner', 'ms'), 0),
    cron_parser_ms: round(planned.of('cron-parser', 'ms'), 0),
    spread: planned.spread('kairos', 'ms'),
  },
  ratio: round(planned.ratio('croner', 'kairos', 'ms')),
  floor: 'croner, made and asked once for its next run (a tenth of them)',
  target: '≤ 150 ms',
  met: planMs <= 150,
});

/** Instant after instant through some years and round again. */
function follow(evaluator: Evaluator, [fields, zone]: readonly [string, string], n: number): Measure {
  const next = evaluator.plan(fields, zone);
  const end = NOW + 5 * 366 * 86_400_000;
  let at = NOW;
  const began = performance.now();
  for (let i = 0; i < n; i += 1) {
    const found = next(at);
    if (found === null || found <= at)
      throw new Error(`${evaluator.name} stands still at ${at} of ${fields}`);
    at = found > end ? NOW : found;
  }
  return { perS: (n / (performance.now() - began)) * 1_000 };
}

const COMMON: readonly (readonly [string, string])[] = [
  ['0 18 * * ? *', 'UTC'],
  ['0/5 * * * ? *', 'UTC'],
  ['0 9 ? * MON-FRI *', 'Asia/Shanghai'],
  ['0 9 ? * MON-FRI *', 'America/New_York'],
];

for (const [fields, zone] of COMMON) {
  const peers = EVALUATORS.filter((evaluator) => evaluator.zones || zone === 'UTC');
  const found = await interleave(
    Object.fromEntries(
      peers.map((evaluator) => {
        const n = evaluator.name === 'kairos' ? 200_000 : 5_000;
        return [evaluator.name, () => follow(evaluator, [fields, zone], QUICK ? 500 : n)];
      }),
    ),
    5,
  );
  const perS = Math.round(found.of('kairos', 'perS'));
  report({
    name: `next of ${fields} in ${zone}`,
    figures: {
      ...Object.fromEntries(
        peers.map(({ name }) => [`${name.replaceAll('-', '_')}_per_s`, Math.round(found.of(name, 'perS'))]),
      ),
      spread: found.spread('kairos', 'perS'),
    },
    ratio: round(found.ratio('kairos', 'croner', 'perS')),
    floor: 'croner',
    target: '≥ 100,000 a second',
    met: perS >= 100_000,
  });
}
