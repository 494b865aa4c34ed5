import { answerOf } from './answer.ts';
import type { Answer, VenueRequest } from './answer.ts';
import { BINANCE_SPOT } from './binance-spot.ts';
import type { Dialect } from './dialect.ts';
import type { FaultEngine } from './faults/fault-engine.ts';
import type { WeightMeter } from './limits.ts';
import type { VenueMarket } from './market.ts';
import type { VenueClock } from './weights.ts';

/** Sees each request and may replace parts of its answer; undefined leaves it as it is. Headers are merged. */
export type Intercept = (
  request: VenueRequest,
) => Partial<Answer> | undefined | Promise<Partial<Answer> | undefined>;

export interface Respondent {
  readonly market: VenueMarket;
  readonly dialects: readonly Dialect[];
  readonly meter: WeightMeter;
  readonly clock: VenueClock;
  readonly intercept: Intercept | undefined;
  readonly faults: FaultEngine | undefined;
}

/**
 * The one path from a request to its answer: route (whose dialect), admit (charge its weight, or refuse), judge (the
 * intercept speaks first; where it is silent, faults on demand), answer, dress (the headers every answer has).
 */
export async function respond(
  respondent: Respondent,
  incoming: Omit<VenueRequest, 'weight' | 'at'>,
): Promise<{ request: VenueRequest; answer: Answer }> {
  const { market, dialects, meter, clock } = respondent;
  const dialect = dialects.find((each) => each.matches(incoming.path)) ?? BINANCE_SPOT;
  const { metering } = dialect;
  const weight = metering?.weight(incoming.path, incoming.query) ?? 1;
  const request: VenueRequest = { ...incoming, weight, at: clock.now() };
  const verdict = metering && meter.admit(metering, incoming.address, weight);
  const refused = verdict?.refusal && metering?.refuse(verdict.refusal);
  const replaced = refused ?? (await respondent.intercept?.(request));
  const judgement = replaced === undefined ? respondent.faults?.judge(request) : undefined;
  const statedNow = clock.now() + (judgement?.skewMs ?? 0);
  const world = {
    market: judgement?.market ?? market,
    now: clock.now(),
    statedNow,
    weightPerMinute: metering === undefined ? 0 : meter.limitOf(metering),
  };
  const truth = (): Answer => dialect.answer(request, world);
  const plain = replaced?.body === undefined ? (judgement?.afflict ?? asItIs)(truth) : answerOf(200, '');
  const headers = {
    ...plain.headers,
    'x-kairos-realm': market.realm,
    ...(verdict && metering?.headers(verdict.used)),
    date: new Date(statedNow).toUTCString(),
    ...replaced?.headers,
  };
  return { request, answer: { ...plain, ...replaced, headers } };
}

const asItIs = (truth: () => Answer): Answer => truth();
