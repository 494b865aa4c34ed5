// The three scenes: an honest venue, a venue that errs, a kill in the middle.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { freqtrade } from './freqtrade.mjs';
import { judge, truthOf } from './judge.mjs';
import { kairos } from './kairos.mjs';
import { startVenue } from './processes.mjs';

const TOOLS = [kairos, freqtrade];
const SEED = 7;
const BINANCE_WEIGHT = 6_000;
const NO_WEIGHT = 100_000_000;

/** Ways for a request for candles to go wrong. Those that only cost time (timeouts, slow drips) are left out. */
const KINDS = [
  ...['status-503', 'reset', 'html', 'truncated-json', 'empty-body', 'empty-object'],
  ...['empty-page', 'short-tail', 'short-head', 'hole', 'revised'],
  ...['duplicated', 'unsorted', 'off-grid', 'out-of-range'],
];
const TOGETHER = 'all-together';
/** What the scene of faults can be told to play. */
export const FAULTS = [...KINDS, TOGETHER];
const PATH = '/api/v3/klines';
const planOf = (kinds, rate) => ({
  seed: 1,
  maxLiesPerKey: 2,
  rules: kinds.map((kind) => ({ kind, rate, path: PATH })),
});

/** Together each kind is rarer, so that most pages still come through. */
const planNamed = (name, rate) => (name === TOGETHER ? planOf(KINDS, rate / 5) : planOf([name], rate));

const optionsOf = ({ paced = true, latencyMs = 0, ...rest } = {}) => ({
  seed: SEED,
  latencyMs,
  weightPerMinute: paced ? BINANCE_WEIGHT : NO_WEIGHT,
  ...rest,
});

/** A tool with an empty home, which goes away afterwards. */
async function withHome(place, make, work) {
  const dir = mkdtempSync(join(place.dir, 'home-'));
  try {
    return await work(make({ ...place, dir }));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function withVenue(place, options, work) {
  const venue = await startVenue(place.library, options);
  try {
    return await work(venue);
  } finally {
    await venue.close();
  }
}

const truths = new Map();
async function truth(place) {
  const key = JSON.stringify(place.span);
  if (!truths.has(key))
    truths.set(
      key,
      await withVenue(place, optionsOf({ paced: false }), (venue) => truthOf(venue, place.span)),
    );
  return truths.get(key);
}

/** One run from nothing against an honest venue. */
async function plainRun(place, make, { latencyMs, paced }) {
  const truly = await truth(place);
  return withHome(place, make, (tool) =>
    withVenue(place, optionsOf({ latencyMs, paced }), async (venue) => {
      const { seconds, peakMb, cpu } = await tool.start({ venue, paced }).done;
      const { pages } = await venue.counts();
      const verdict = judge(truly, await tool.rows(), place.span);
      const rate = Math.round(verdict.rows / seconds);
      return {
        tool: tool.name,
        latencyMs,
        paced,
        seconds,
        rate,
        peakMb,
        cpu,
        bytes: tool.bytes(),
        pages,
        ...verdict,
      };
    }),
  );
}

/** What each takes for one symbol's day: nearly all of it is the start of the program. */
export async function starts(place, { rounds, heard }) {
  const all = [];
  for (let round = 0; round < rounds; round += 1)
    for (const make of round % 2 ? TOOLS.toReversed() : TOOLS) {
      const one = { round, ...(await plainRun(place, make, { latencyMs: 0, paced: true })) };
      heard(one);
      all.push(one);
    }
  return all;
}

/** The rate limiters as they come at two latencies, then without. */
const WAYS = [
  { paced: true, latencyMs: 0 },
  { paced: true, latencyMs: 20 },
  { paced: false, latencyMs: 0 },
];

/** Rounds in which the tools take turns, each way of asking in turn. */
export async function speed(place, { rounds, heard }) {
  const all = [];
  for (let round = 0; round < rounds; round += 1)
    for (const way of WAYS)
      for (const make of round % 2 ? TOOLS.toReversed() : TOOLS) {
        const one = { round, ...(await plainRun(place, make, way)) };
        heard(one);
        all.push(one);
      }
  return all;
}

/** One kind of fault on a tenth of the requests; then the venue is well, and the same command comes again. */
export async function faults(place, { kinds, rate, heard }) {
  const all = [];
  for (const name of kinds)
    for (const make of TOOLS) {
      const one = { fault: name, ...(await faultyRun(place, make, planNamed(name, rate))) };
      heard(one);
      all.push(one);
    }
  return all;
}

async function faultyRun(place, make, plan) {
  const truly = await truth(place);
  return withHome(place, make, (tool) =>
    withVenue(place, optionsOf({ faults: plan }), async (venue) => {
      const look = async () => judge(truly, await tool.rows(), place.span);
      const { seconds, says } = await tool.start({ venue, paced: true }).done;
      const { faults: struck, pages } = await venue.counts();
      const first = { seconds, says, pages, left: await look() };
      await venue.heal();
      const again = await tool.start({ venue, paced: true }).done;
      const second = { seconds: again.seconds, says: again.says, left: await look() };
      second.pages = (await venue.counts()).pages - pages;
      return { tool: tool.name, struck, first, second };
    }),
  );
}

/** SIGKILL once so many parts of all pages were answered; then the same command again. */
export async function kills(place, { parts, heard }) {
  const all = [];
  for (const part of parts)
    for (const make of TOOLS) {
      const one = await killedRun(place, make, part);
      heard(one);
      all.push(one);
    }
  return all;
}

async function killedRun(place, make, part) {
  const truly = await truth(place);
  const { symbols, from, to } = place.span;
  const alarmAt = Math.round((part * symbols.length * (to - from)) / 60_000_000);
  return withHome(place, make, (tool) =>
    withVenue(place, optionsOf({ alarmAt }), async (venue) => {
      const victim = tool.start({ venue, paced: true });
      await venue.alarm;
      await victim.kill();
      const { pages } = await venue.counts();
      const left = judge(truly, await tool.rows(), place.span);
      const again = await tool.start({ venue, paced: true }).done;
      const second = {
        seconds: again.seconds,
        says: again.says,
        left: judge(truly, await tool.rows(), place.span),
      };
      second.pages = (await venue.counts()).pages - pages;
      return { tool: tool.name, part, pages, left, second };
    }),
  );
}
