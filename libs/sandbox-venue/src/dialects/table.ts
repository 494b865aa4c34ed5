import { answerOf } from '../answer.ts';
import type { Answer } from '../answer.ts';
import type { Dialect, World } from '../dialect.ts';
import type { Listing } from '../market.ts';
import { Refusal } from '../refusal.ts';

/** What a route is asked: by the path's captured parts and the query, of a world at an instant. */
export interface Asked extends World {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** One path of a venue. `answer` returns the JSON value of the body, or its text where JSON's numbers would not do. */
export interface VenueRoute {
  readonly path: RegExp;
  answer(asked: Asked): unknown;
}

export const route = (path: RegExp, answer: VenueRoute['answer']): VenueRoute => ({ path, answer });

/** A request the venue refuses, in its own words: many do so with HTTP 200. */
export class VenueRefusal extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`refused: ${JSON.stringify(body)}`);
    this.name = 'VenueRefusal';
    this.status = status;
    this.body = body;
  }
}

/** How a venue says that it does not know a symbol, or an interval that it does offer elsewhere. */
export interface Wording {
  unknownSymbol(asked: Asked): VenueRefusal;
  unknownInterval(asked: Asked): VenueRefusal;
  notFound(path: string): VenueRefusal;
}

const UNKNOWN_SYMBOL = -1121;

/** What a dialect is made of. A path of the family that no route knows is answered `notFound`. */
export interface DialectTable {
  readonly id: string;
  /** Every path of the venue: no other dialect's path may match. */
  readonly family: RegExp;
  readonly routes: readonly VenueRoute[];
  readonly wording: Wording;
}

/** A dialect that finds the route of a path, lets it answer, and says the market's refusals in the venue's words. */
export const dialectOf = ({ id, family, routes, wording }: DialectTable): Dialect => ({
  id,
  matches: (path) => family.test(path),
  answer: ({ path, query }, world) => {
    const found = routes.find((candidate) => candidate.path.test(path));
    const parts = (found?.path.exec(path) ?? []).slice(1).map(decodeURIComponent);
    const asked = { ...world, query, parts };
    try {
      if (found === undefined) throw wording.notFound(path);
      return printed(200, found.answer(asked));
    } catch (error) {
      const refusal = error instanceof Refusal ? reworded(error, wording, asked) : error;
      if (refusal instanceof VenueRefusal) return printed(refusal.status, refusal.body);
      throw error;
    }
  },
});

const reworded = (refusal: Refusal, wording: Wording, asked: Asked): VenueRefusal =>
  refusal.code === UNKNOWN_SYMBOL ? wording.unknownSymbol(asked) : wording.unknownInterval(asked);

const printed = (status: number, body: unknown): Answer =>
  answerOf(status, typeof body === 'string' ? body : JSON.stringify(body));

/** The listing that a venue's own name means, or undefined. */
export const listingNamed = (
  { market, now }: Asked,
  nameOf: (listing: Listing) => string,
  name: string | null | undefined,
): Listing | undefined => market.listings(now).find((listing) => nameOf(listing) === name);

/** A whole number among the parameters, or undefined if it was not sent or is none. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
