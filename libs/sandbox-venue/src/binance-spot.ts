import { answerOf, jsonAnswer } from './answer.ts';
import type { Answer, VenueRequest } from './answer.ts';
import type { Dialect, WeightRefusal, World } from './dialect.ts';
import { Refusal } from './refusal.ts';
import { ROUTES } from './routes.ts';
import { WEIGHT_LIMIT } from './weights.ts';

/** Binance's spot REST. It also says 404 to whatever path no dialect knows. */
export const BINANCE_SPOT: Dialect = {
  id: 'binance',
  matches: (path) => ROUTES.has(path),
  answer,
  metering: {
    pool: 'binance',
    weightPerMinute: WEIGHT_LIMIT,
    weight: (path, query) => ROUTES.get(path)?.weight(query) ?? 1,
    headers: usedWeightHeaders,
    refuse: refuseWeight,
  },
};

function answer(request: VenueRequest, world: World): Answer {
  const route = ROUTES.get(request.path);
  if (route === undefined) return notFound(request.path, world.statedNow);
  if (request.method !== 'GET')
    return refusalAnswer(new Refusal(-1020, 'This operation is not supported.', 405));
  try {
    return jsonAnswer(route.answer(world, request.query));
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(error);
    throw error;
  }
}

/** `{"code":…,"msg":…}`, as all of Binance's interfaces refuse. */
export const refusalAnswer = (refusal: Refusal): Answer =>
  jsonAnswer({ code: refusal.code, msg: refusal.message }, refusal.status);

/** The used weight as Binance's headers state it. */
export function usedWeightHeaders(used: number): Readonly<Record<string, string>> {
  return { 'x-mbx-used-weight': String(used), 'x-mbx-used-weight-1m': String(used) };
}

/** 429 over the limit, 418 while banned; both say when to come back (Spot API, "Limits"). */
export function refuseWeight(refusal: WeightRefusal): Answer {
  const { weightPerMinute, retryAfterSeconds, bannedUntil } = refusal;
  const msg =
    bannedUntil === undefined
      ? `Too much request weight used; current limit is ${weightPerMinute} request weight per 1 MINUTE.`
      : `Way too much request weight used; IP banned until ${bannedUntil}.`;
  const body = JSON.stringify({ code: -1003, msg });
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return answerOf(bannedUntil === undefined ? 429 : 418, body, headers);
}

const notFound = (path: string, now: number): Answer =>
  jsonAnswer({ timestamp: now, status: 404, error: 'Not Found', path }, 404);
