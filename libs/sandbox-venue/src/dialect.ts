import type { Answer, VenueRequest } from './answer.ts';
import type { VenueMarket } from './market.ts';
import type { Query } from './query.ts';

/** What a dialect answers from: the market as this request may see it, and the time. */
export interface World {
  /** Possibly a distorted view: faults about rows are already in it, so a dialect only formats what it is given. */
  readonly market: VenueMarket;
  /** Venue time: which bars exist. Pass it to the market. */
  readonly now: number;
  /** The time the venue says it is, in server time and the like. Differs from `now` under the clock-skew fault. */
  readonly statedNow: number;
  /** The request weight an address is allowed in a minute, for dialects that state it. */
  readonly weightPerMinute: number;
}

/**
 * One exchange's REST: paths, parameters, formats and errors, over a market that knows none of them. A dialect keeps
 * no state. The first dialect of the venue's list that matches a path answers it; Binance spot takes what is left.
 */
export interface Dialect {
  /** Short and lower case, such as `okx`. */
  readonly id: string;
  matches(path: string): boolean;
  /** Answers everything, refusals included: it turns the market's `Refusal` into its own wording and does not throw it. */
  answer(request: VenueRequest, world: World): Answer;
  /** How requests are weighed; without it they weigh 1 in the log, and no limit holds. */
  readonly metering?: Metering;
}

/** The request weight of a dialect. Used weight is counted by pool, by address, by minute. */
export interface Metering {
  readonly pool: string;
  /** What the real venue allows; the venue's `limits` may say otherwise. */
  readonly weightPerMinute: number;
  weight(path: string, query: Query): number;
  /** The headers that tell a client what its address has used in this minute. */
  headers(used: number): Readonly<Record<string, string>>;
  refuse(refusal: WeightRefusal): Answer;
}

/** Over the limit (`bannedUntil` undefined) or banned. Instants by the weight clock. */
export interface WeightRefusal {
  readonly weightPerMinute: number;
  readonly retryAfterSeconds: number;
  readonly bannedUntil: number | undefined;
}
