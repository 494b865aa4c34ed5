import type { VenueRequest } from '../answer.ts';
import type { ConsistentLie } from './consistent.ts';

/** Faults of the connection and of whole answers. At most one strikes a request; rows then stay true. */
export const ANSWER_FAULTS = [
  'status-500',
  'status-502',
  'status-503',
  'status-504',
  'status-451',
  'maintenance',
  'timeout',
  'reset',
  'reset-after-headers',
  'half-open',
  'html',
  'truncated-json',
  'empty-body',
  'empty-object',
  'gzip-bomb',
  'slow-drip',
] as const;

/** Faults that hide or alter a true bar, each an answer that looks right. Limited by `maxLiesPerKey`. */
export const LIES = ['empty-page', 'short-tail', 'short-head', 'hole', 'revised'] as const;

/** Faults that add or move rows and hide none: a careful reader can tell. */
export const ROW_NOISE = ['duplicated', 'off-grid', 'out-of-range', 'forming', 'unsorted'] as const;

/** Faults of the venue's clock and of its list of symbols. */
export const WORLD_FAULTS = ['clock-skew', 'delisted'] as const;

export const FAULT_KINDS = [...ANSWER_FAULTS, ...LIES, ...ROW_NOISE, ...WORLD_FAULTS] as const;

export type AnswerFault = (typeof ANSWER_FAULTS)[number];
export type Lie = (typeof LIES)[number];
export type RowFault = Lie | (typeof ROW_NOISE)[number];
export type FaultKind = (typeof FAULT_KINDS)[number];

/** In this order the faults that strike one page are applied. */
export const ROW_FAULT_ORDER: readonly RowFault[] = [...LIES, ...ROW_NOISE];

/** What goes wrong, and how badly. */
export interface Fault {
  readonly kind: FaultKind;
  /** Rows dropped, hidden or repeated. Default: a tenth of the page for short pages, 1 for the others. */
  readonly rows?: number;
  /** Slow drip: a byte in so many milliseconds. Default 20. */
  readonly everyMs?: number;
  /** Gzip bomb: its inflated size. Default 300. */
  readonly megabytes?: number;
  /** Clock skew: how far ahead the stated time is; negative is behind. Default 30,000. */
  readonly skewMs?: number;
  /** Delisted: `gone` (default) is refused and not listed; `break` is listed as BREAK and has no bars from `during.from` on. */
  readonly as?: 'gone' | 'break';
}

/** A fault and when it strikes: where everything given here agrees, and the seeded draw does too. */
export interface FaultRule extends Fault {
  /** The chance for each request it agrees with, 0 to 1. Default 1. */
  readonly rate?: number;
  /** A part of the path. */
  readonly path?: string;
  /** The symbol as the market knows it, such as `BTCUSDT`. */
  readonly symbol?: string;
  /** For row faults. */
  readonly interval?: string;
  /** Which of the requests it agrees with, counted from 1 in order of arrival. */
  readonly nth?: readonly number[];
  /** Half-open, by venue time. */
  readonly during?: { readonly from: number; readonly to: number };
  /** Strikes so many times at most. */
  readonly times?: number;
}

/**
 * What goes wrong with a venue. Whether a rule strikes is a function of the seed, the request and how often that very
 * request came before: the same plan meets the same client with the same faults, in whatever order requests arrive.
 * Only what is counted over many requests (`nth`, `times`, `maxLiesPerKey`, a bar revised once) depends on their order.
 */
export interface FaultPlan {
  readonly seed?: string | number;
  readonly rules?: readonly FaultRule[];
  /** Decides freely; called once for each request, which is the `nth` under this plan, counted from 1. */
  readonly script?: (request: VenueRequest, nth: number) => Fault | undefined;
  /** How often each bar, keyed by (symbol, interval, open time), may be hidden or altered by all rules together. Default: no limit. */
  readonly maxLiesPerKey?: number;
  /** Lies that every reading repeats; they are not counted. */
  readonly consistent?: readonly ConsistentLie[];
}

/** One fault that happened. A row fault has the bars concerned, by open time. */
export interface FaultLogEntry {
  readonly kind: FaultKind;
  /** Venue time. */
  readonly at: number;
  readonly path: string;
  readonly symbol: string | undefined;
  readonly interval: string | undefined;
  readonly openTimes: readonly number[];
}

export interface FaultChances {
  readonly seed?: string | number;
  /** The chance of each kind for each request, drawn for each kind apart. */
  readonly rate: number;
  readonly maxLiesPerKey?: number;
}

/** One kind of fault at a rate. */
export const faultAtRate = (kind: FaultKind, { rate, ...plan }: FaultChances): FaultPlan => ({
  ...plan,
  rules: [{ kind, rate }],
});

/**
 * Every kind at the same rate, all at once, but for `delisted`, which is a state and no accident. As each kind is drawn
 * apart, a request escapes the sixteen faults of answers with a chance of (1 - rate)^16: 0.19 at a rate of 0.1.
 */
export function everyFault({
  rate,
  except = [],
  ...plan
}: FaultChances & { readonly except?: readonly FaultKind[] }): FaultPlan {
  const kinds = FAULT_KINDS.filter((kind) => kind !== 'delisted' && !except.includes(kind));
  return { ...plan, rules: kinds.map((kind) => ({ kind, rate })) };
}

export const isFaultKind = (text: string): text is FaultKind => FAULT_KINDS.some((kind) => kind === text);
export const isAnswerFault = (kind: FaultKind): kind is AnswerFault =>
  ANSWER_FAULTS.some((known) => known === kind);
export const isLie = (kind: FaultKind): kind is Lie => LIES.some((known) => known === kind);
export const isRowFault = (kind: FaultKind): kind is RowFault =>
  isLie(kind) || ROW_NOISE.some((known) => known === kind);
