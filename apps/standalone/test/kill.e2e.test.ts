import { hash53 } from '@kairos/domain';
import { startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endsBySlot, fsckErrors, HOUR, order, runsOf, Yard } from './crash-support.ts';
import { buildServer, hasData, RECORDINGS, type ServerProcess } from './harness.ts';
import { exported, openOf, recorded } from './recordings.ts';

/** `KAIROS_TEST_KILLS=200` for the full figure; a few are enough to see that the test works. */
const KILLS = Number(process.env['KAIROS_TEST_KILLS'] ?? 5);
const SEED = Number(process.env['KAIROS_TEST_SEED'] ?? 1);
const FOUR = ['BTCUSDT', 'ETHUSDT', 'BNBUSDT', 'SOLUSDT'];
/** Answers of the venue take so long while servers are killed, so that a kill mostly falls between a request and its commit. */
const LATENCY_MS = 80;
/** A server is killed after so many requests at most, so that one job lasts for many kills. */
const MOST_REQUESTS = 20;
/** One kill in so many comes at any moment of the start instead. */
const EARLY = 12;
const START_MS = 1_500;

/** Where a kill found the server. */
const PLACES = [
  'starting',
  'nothing asked yet',
  'none in flight',
  '1',
  '2',
  '3 or more',
  'job over',
] as const;
type Place = (typeof PLACES)[number];

/** Recorded history, whole: the job that is interrupted. */
interface Job {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

describe.skipIf(!hasData)('a server that is killed again and again', () => {
  const yard = new Yard();
  const histogram = new Map<Place, number>(PLACES.map((place) => [place, 0]));
  let venue: SandboxVenue;
  /** Of the server that lives now: what was asked by one that was killed is nobody's. */
  let flight = { n: 0 };
  let asked = 0;
  let latencyMs = 0;
  let onAsked: () => void = () => undefined;

  beforeAll(async () => {
    buildServer();
    venue = await startSandboxVenue({ mode: { kind: 'recording', id: 'binance', dir: RECORDINGS } });
    venue.intercept = async (request) => {
      if (!request.path.includes('klines')) return undefined;
      const mine = flight;
      mine.n += 1;
      asked += 1;
      onAsked();
      await new Promise((answer) => setTimeout(answer, latencyMs));
      mine.n -= 1;
      return undefined;
    };
  });

  afterAll(async () => {
    await yard.remove();
    await venue?.close();
  });

  /** A number in [0, n) that seed, kill and purpose decide. */
  const draw = (kill: number, purpose: string, n: number): number => hash53(`${SEED}.${kill}.${purpose}`) % n;

  const pause = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));

  /** Resolves at the chosen moment, or when the run is over and nothing more will be asked. */
  async function untilMoment(server: ServerProcess, kill: number): Promise<void> {
    const wanted = asked + 1 + draw(kill, 'requests', MOST_REQUESTS);
    const reached = new Promise<void>((resolve) => {
      onAsked = () => {
        if (asked >= wanted) resolve();
      };
    });
    await Promise.race([
      reached.then(() => pause(draw(kill, 'delay', LATENCY_MS))),
      server.logged('"run.ended"'),
    ]);
  }

  function landed(server: ServerProcess, askedBefore: number): Place {
    if (server.url === '') return 'starting';
    if (server.lines.some((line) => line.includes('"run.ended"'))) return 'job over';
    if (asked === askedBefore) return 'nothing asked yet';
    return flight.n === 0 ? 'none in flight' : flight.n === 1 ? '1' : flight.n === 2 ? '2' : '3 or more';
  }

  /** One server from start to kill. Answers whether the job was over by then. */
  async function live(job: Job, kill: number): Promise<boolean> {
    latencyMs = LATENCY_MS;
    const before = asked;
    const server = yard.launch({ name: 'killed', path: job.path, venue });
    if (draw(kill, 'early', EARLY) === 0) await pause(draw(kill, 'start', START_MS));
    else {
      await server.ready;
      await untilMoment(server, kill);
    }
    const place = landed(server, before);
    histogram.set(place, (histogram.get(place) ?? 0) + 1);
    await server.kill();
    flight = { n: 0 };
    return place === 'job over';
  }

  /** Lets the job end undisturbed, and compares with the recording. Answers how many runs are on record. */
  async function check(job: Job): Promise<number> {
    latencyMs = 0;
    const server = await yard.server({ name: 'last', path: job.path, venue });
    expect((await server.untilOver('four'))['status']).toBe('completed');
    for (const symbol of FOUR) {
      const csv = await server.get(`/v1/series/binance/${symbol}/kline/1h?format=csv`);
      expect(exported(csv.text)).toEqual(recorded(symbol, '1h'));
    }
    const coverage = await server.json(`/v1/coverage/binance/BTCUSDT/kline/1h?from=${job.from}&to=${job.to}`);
    const present = recorded('BTCUSDT', '1h').length;
    expect(coverage).toMatchObject({ present, empty: 127, failed: 0, missing: 0, provisional: 0 });
    const runs = await runsOf(server, 'four');
    expect(runs.filter((r) => r.outcome === 'running')).toEqual([]);
    for (const [slot, ends] of endsBySlot(runs)) expect([slot, ends]).toEqual([slot, ['succeeded']]);
    await server.stop();
    expect(await fsckErrors(job.path)).toEqual([]);
    return runs.length;
  }

  async function begin(round: number): Promise<Job> {
    const truth = recorded('BTCUSDT', '1h');
    const job = {
      path: `${yard.folder(`store-${round}`)}/kairos.sqlite`,
      from: openOf(truth[0]),
      to: openOf(truth.at(-1)) + HOUR,
    };
    latencyMs = LATENCY_MS;
    const server = await yard.server({ name: 'first', path: job.path, venue });
    const signal = order({ id: 'four', symbols: FOUR, frequency: '1h', from: job.from, to: job.to });
    expect((await server.signal(signal)).body).toMatchObject({ success: true });
    await server.kill();
    return job;
  }

  it(
    `has the same store in the end (${KILLS} kills, seed ${SEED})`,
    async () => {
      let kills = 0;
      let runs = 0;
      let jobs = 0;
      while (kills < KILLS) {
        const job = await begin(jobs);
        jobs += 1;
        for (let over = false; !over && kills < KILLS; kills += 1) over = await live(job, kills);
        runs += await check(job);
      }
      const n = (place: Place): number => histogram.get(place) ?? 0;
      const inside = n('1') + n('2') + n('3 or more');
      console.log(
        [
          `${kills} kills over ${jobs} jobs, ${inside} with requests in flight (${Math.round((100 * inside) / kills)} %); ${runs} runs recorded`,
          ...PLACES.map((p) => `  ${p.padEnd(18)} ${String(n(p)).padStart(4)} ${'#'.repeat(n(p))}`),
        ].join('\n'),
      );
      if (KILLS >= 50) expect(inside / kills).toBeGreaterThanOrEqual(0.6);
    },
    90_000 + KILLS * 10_000,
  );
});
