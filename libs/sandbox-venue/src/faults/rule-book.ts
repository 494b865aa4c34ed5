import type { VenueRequest } from '../answer.ts';
import { streamKey, unit } from '../synthetic/hash.ts';
import type { FaultKind, FaultPlan, FaultRule } from './plan.ts';

/** What a rule is held against: a request, and for rows the bars that were asked of the market. */
export interface Subject {
  readonly request: VenueRequest;
  /** What makes two requests the same one. */
  readonly identity: string;
  readonly symbol?: string;
  readonly interval?: string;
}

/** A rule that strikes, and a stream of chances in [0, 1) to shape the fault by. */
export interface Strike<T> {
  readonly fault: T;
  readonly chance: (index: number) => number;
}

/** Decides which rules of a plan strike; remembers what came before. */
export class RuleBook {
  readonly #seed: string | number;
  readonly #rules: readonly FaultRule[];
  readonly #asked = new Map<string, number>();
  readonly #agreed = new Map<FaultRule, number>();
  readonly #struck = new Map<FaultRule, number>();

  constructor({ seed = 'faults', rules = [] }: FaultPlan) {
    for (const { kind, rate = 1 } of rules) {
      if (!(rate >= 0 && rate <= 1)) throw new Error(`The rate of ${kind} is between 0 and 1, not ${rate}`);
    }
    this.#seed = seed;
    this.#rules = rules;
  }

  /** The rules of these kinds that strike this subject now. */
  strikes(concerns: (kind: FaultKind) => boolean, subject: Subject): readonly Strike<FaultRule>[] {
    if (!this.#rules.some(({ kind }) => concerns(kind))) return [];
    const turn = this.#turn(subject.identity);
    return this.#rules.flatMap((rule, index) => {
      if (!concerns(rule.kind) || !agrees(rule, subject)) return [];
      const key = streamKey(this.#seed, index, rule.kind, subject.identity, turn);
      return this.#strikes(rule, unit(key, 0)) ? [{ fault: rule, chance: chances(key) }] : [];
    });
  }

  /** Chances for a fault that no rule asked for. */
  chance(identity: string): (index: number) => number {
    return chances(streamKey(this.#seed, identity, this.#turn(identity)));
  }

  #turn(identity: string): number {
    const turn = (this.#asked.get(identity) ?? 0) + 1;
    this.#asked.set(identity, turn);
    return turn;
  }

  #strikes(rule: FaultRule, drawn: number): boolean {
    const nth = (this.#agreed.get(rule) ?? 0) + 1;
    this.#agreed.set(rule, nth);
    if (rule.nth?.includes(nth) === false || drawn >= (rule.rate ?? 1)) return false;
    const struck = (this.#struck.get(rule) ?? 0) + 1;
    if (struck > (rule.times ?? Infinity)) return false;
    this.#struck.set(rule, struck);
    return true;
  }
}

const chances =
  (key: number) =>
  (index: number): number =>
    unit(key, index + 1);

/** Method, path and parameters, whatever their order. */
export function identityOf({ method, path, query }: VenueRequest): string {
  const sorted = [...query].map(([name, value]) => `${name}=${value}`).toSorted();
  return `${method} ${path}?${sorted.join('&')}`;
}

function agrees(rule: FaultRule, { request, symbol, interval }: Subject): boolean {
  const { path, during } = rule;
  if (path !== undefined && !request.path.includes(path)) return false;
  if (during !== undefined && (request.at < during.from || request.at >= during.to)) return false;
  if (rule.interval !== undefined && interval !== undefined && rule.interval !== interval) return false;
  if (rule.symbol === undefined) return true;
  return symbol === undefined ? mentions(request, rule.symbol) : symbol === rule.symbol;
}

/** Whether a request names the symbol, in whatever spelling its dialect has: BTCUSDT, BTC-USDT, btc_usdt. */
function mentions({ path, query }: VenueRequest, symbol: string): boolean {
  return [...path.split('/'), ...query.values()].some(
    (text) => text.replace(/[^A-Za-z0-9]/g, '').toUpperCase() === symbol,
  );
}
