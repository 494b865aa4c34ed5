import type { VenueMarket } from './market.ts';
import { Refusal } from './refusal.ts';
import { ROUTES } from './routes.ts';
import type { VenueClock, WeightMeter } from './weights.ts';

/** A request as hooks see it. */
export interface VenueRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What it costs, already charged. */
  readonly weight: number;
  /** Venue time of arrival. */
  readonly at: number;
}

/** What goes back. The last three fields are ways to go wrong. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Waits so long before answering, on top of the venue's latency. */
  readonly delayMs: number;
  /** Announces the whole body, sends so many bytes of it and cuts the connection. */
  readonly truncateAt: number | undefined;
  /** Cuts the connection without a word. */
  readonly destroy: boolean;
}

/** Sees each request and may replace parts of its answer; undefined leaves it as it is. Headers are merged. */
export type Intercept = (
  request: VenueRequest,
) => Partial<Answer> | undefined | Promise<Partial<Answer> | undefined>;

export interface Respondent {
  readonly market: VenueMarket;
  readonly meter: WeightMeter;
  readonly clock: VenueClock;
  readonly intercept: Intercept | undefined;
}

/**
 * The one path from a request to its answer: admit (charge its weight), intercept (faults on demand), answer, dress
 * (the headers every answer has). Limits, once enforced, refuse in `admit`.
 */
export async function respond(
  { market, meter, clock, intercept }: Respondent,
  incoming: Omit<VenueRequest, 'weight' | 'at'>,
): Promise<{ request: VenueRequest; answer: Answer }> {
  const weight = ROUTES.get(incoming.path)?.weight(incoming.query) ?? 1;
  const request: VenueRequest = { ...incoming, weight, at: clock.now() };
  const used = meter.charge(weight);
  const replaced = await intercept?.(request);
  const plain = replaced?.body === undefined ? plainAnswer(market, request, clock.now()) : answerOf(200, '');
  const headers = {
    ...plain.headers,
    'x-kairos-realm': market.realm,
    'x-mbx-used-weight': String(used),
    'x-mbx-used-weight-1m': String(used),
    date: new Date(clock.now()).toUTCString(),
    ...replaced?.headers,
  };
  return { request, answer: { ...plain, ...replaced, headers } };
}

function plainAnswer(market: VenueMarket, request: VenueRequest, now: number): Answer {
  const route = ROUTES.get(request.path);
  if (route === undefined) return notFound(request.path, now);
  if (request.method !== 'GET')
    return refusalAnswer(new Refusal(-1020, 'This operation is not supported.', 405));
  try {
    return answerOf(200, JSON.stringify(route.answer(market, request.query, now)));
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}

const refusalAnswer = (refusal: Refusal): Answer =>
  answerOf(refusal.status, JSON.stringify({ code: refusal.code, msg: refusal.message }));

const notFound = (path: string, now: number): Answer =>
  answerOf(404, JSON.stringify({ timestamp: now, status: 404, error: 'Not Found', path }));

const answerOf = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8' },
  body,
  delayMs: 0,
  truncateAt: undefined,
  destroy: false,
});
