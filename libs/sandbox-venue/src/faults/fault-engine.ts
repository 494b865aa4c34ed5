import type { Answer, VenueRequest } from '../answer.ts';
import type { KlineQuery, VenueMarket } from '../market.ts';
import { afflict } from './afflict.ts';
import { withConsistentLies } from './consistent.ts';
import type { FaultLog } from './fault-log.ts';
import { faultyMarket } from './faulty-market.ts';
import { LieLedger } from './lie-ledger.ts';
import { isAnswerFault, isLie, isRowFault, ROW_FAULT_ORDER } from './plan.ts';
import type { AnswerFault, Fault, FaultKind, FaultPlan, FaultRule, Lie, RowFault } from './plan.ts';
import { identityOf, RuleBook } from './rule-book.ts';
import type { Strike, Subject } from './rule-book.ts';

type RowStrike = Strike<Fault & { readonly kind: RowFault }>;

/** What a plan does to one request. */
export interface Judgement {
  /** The market as this request sees it. */
  readonly market: VenueMarket;
  /** How far the stated time is ahead of venue time. */
  readonly skewMs: number;
  /** Makes of the answer what becomes of it. */
  readonly afflict: (truth: () => Answer) => Answer;
}

/** Plays one plan over one market. A plan that is set again begins anew; the log goes on. */
export class FaultEngine {
  readonly plan: FaultPlan;
  readonly #market: VenueMarket;
  readonly #log: FaultLog;
  readonly #rules: RuleBook;
  readonly #lies: LieLedger;
  readonly #revisions = new LieLedger(1);
  #requests = 0;

  constructor(plan: FaultPlan, market: VenueMarket, log: FaultLog) {
    this.plan = plan;
    this.#market = plan.consistent === undefined ? market : withConsistentLies(market, plan.consistent);
    this.#log = log;
    this.#rules = new RuleBook(plan);
    this.#lies = new LieLedger(plan.maxLiesPerKey);
  }

  judge(request: VenueRequest): Judgement {
    this.#requests += 1;
    const scripted = this.plan.script?.(request, this.#requests);
    const subject = { request, identity: identityOf(request) };
    const fault = this.#answerFault(scripted, subject);
    const skewMs = this.#skew(scripted, subject);
    if (fault === undefined)
      return { market: this.#view(request, scripted), skewMs, afflict: (truth) => truth() };
    this.#note(fault.kind, request, undefined, []);
    return { market: this.#market, skewMs, afflict: (truth) => afflict(fault, truth, request.at) };
  }

  /** One of those that strike, each as likely as the others. */
  #answerFault(
    scripted: Fault | undefined,
    subject: Subject,
  ): (FaultRule & { readonly kind: AnswerFault }) | undefined {
    const strikes = this.#rules.strikes(isAnswerFault, subject);
    if (scripted !== undefined && isAnswerFault(scripted.kind)) return { ...scripted, kind: scripted.kind };
    const { fault } = strikes[Math.floor((strikes[0]?.chance(0) ?? 0) * strikes.length)] ?? {};
    return fault !== undefined && isAnswerFault(fault.kind) ? { ...fault, kind: fault.kind } : undefined;
  }

  #skew(scripted: Fault | undefined, { request, identity }: Subject): number {
    const isSkew = (kind: FaultKind): boolean => kind === 'clock-skew';
    const drawn = this.#rules.strikes(isSkew, { request, identity: `clock ${identity}` })[0]?.fault;
    const fault = scripted?.kind === 'clock-skew' ? scripted : drawn;
    if (fault === undefined) return 0;
    this.#note('clock-skew', request, undefined, []);
    return fault.skewMs ?? 30_000;
  }

  #view(request: VenueRequest, scripted: Fault | undefined): VenueMarket {
    return faultyMarket(this.#market, {
      rows: (query) => this.#rowStrikes(request, scripted, query),
      delisted: (symbol) => {
        const identity = `listing ${symbol} ${identityOf(request)}`;
        const isDelisted = (kind: FaultKind): boolean => kind === 'delisted';
        const rule = this.#rules.strikes(isDelisted, { request, identity, symbol })[0]?.fault;
        if (rule !== undefined) this.#note('delisted', request, { symbol, interval: undefined }, []);
        return rule;
      },
      mayLie: (kind, query, openTime) => !isLie(kind) || this.#mayLie(kind, query, openTime),
      happened: (kind, query, openTimes) => this.#note(kind, request, query, openTimes),
    });
  }

  /** A bar is revised once, and only if it has not had its share of lies. */
  #mayLie(kind: Lie, { symbol, interval }: KlineQuery, openTime: number): boolean {
    const series = `${symbol} ${interval}`;
    if (kind === 'revised' && !this.#revisions.spend(series, openTime)) return false;
    return this.#lies.spend(series, openTime);
  }

  /** Lies first, so that they are told about true bars only, and the disorder of rows last. */
  #rowStrikes(request: VenueRequest, scripted: Fault | undefined, query: KlineQuery): readonly RowStrike[] {
    const { symbol, interval, startTime, endTime, limit } = query;
    const identity = `${identityOf(request)} ${symbol} ${interval} ${startTime} ${endTime} ${limit}`;
    const drawn = this.#rules.strikes(isRowFault, { request, identity, symbol, interval });
    const forced =
      scripted === undefined ? [] : [{ fault: scripted, chance: this.#rules.chance(`script ${identity}`) }];
    return [...forced, ...drawn].flatMap(rowStrike).toSorted(byOrder);
  }

  #note(
    kind: FaultKind,
    { at, path, query }: VenueRequest,
    series: { readonly symbol: string; readonly interval: string | undefined } | undefined,
    openTimes: readonly number[],
  ): void {
    const symbol = series?.symbol ?? query.get('symbol') ?? undefined;
    const interval = series?.interval ?? query.get('interval') ?? undefined;
    this.#log.add({ kind, at, path, symbol, interval, openTimes });
  }
}

function rowStrike({ fault, chance }: Strike<Fault>): readonly RowStrike[] {
  return isRowFault(fault.kind) ? [{ fault: { ...fault, kind: fault.kind }, chance }] : [];
}

const byOrder = (a: RowStrike, b: RowStrike): number =>
  ROW_FAULT_ORDER.indexOf(a.fault.kind) - ROW_FAULT_ORDER.indexOf(b.fault.kind);
