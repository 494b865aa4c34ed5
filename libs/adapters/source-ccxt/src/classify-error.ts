import {
  BadSourceDataError,
  KairosError,
  RateLimitedError,
  SourceError,
  SourceUnavailableError,
} from '@kairos/domain';
import type { Trace } from './call-context.ts';
import type { Redact } from './redact.ts';
import { cooldownMs } from './retry-after.ts';

/** What is known beside the error itself. */
export interface ErrorSetting {
  /** What was attempted, on what: `binance: candles of BTC/USDT 1m`. */
  readonly what: string;
  /** The last answer of the call, if there was one. */
  readonly trace: Trace | undefined;
  readonly now: number;
  readonly redact: Redact;
}

/** The error as far as the decision needs it. */
interface Facts {
  readonly classes: ReadonlySet<string>;
  readonly status: number | undefined;
  /** Message and body, for wording only. */
  readonly text: string;
}

const RATE_TEXT =
  /rate.?limit|too (many|frequent|much) |too frequently|frequency|access too|banned until|throttl/i;
const RESTRICTED_TEXT =
  /restricted location|(not available|unavailable) in your (country|region)|block(ed)? access from your country/i;
const UNKNOWN_PAIR_TEXT =
  /(unknown|invalid|unsupported|no such|not found)\W+(asset ?)?(pair|symbol|market|instrument|product|ticker)|(pair|symbol|market|instrument|product)\b.{0,60}(not found|does not exist|doesn't exist|is invalid|not exist)/i;

const REGION_REMEDY =
  'the venue refuses this network or region: run where it is allowed, or set base_url to an address that serves you';

/**
 * ccxt's error, or whatever else came out of it, as an error of our family. Class and HTTP status decide together: ccxt
 * alone would retry a ban, an unknown pair and a forbidden region alike.
 */
export function classifyError(error: unknown, setting: ErrorSetting): Error {
  if (KairosError.is(error)) return error;
  const facts = factsOf(error, setting.trace);
  const options = {
    status: facts.status,
    details: { ccxt: [...facts.classes][0] ?? 'Error' },
    cause: cleanCause(error, setting),
  };
  const say = (text: string): string =>
    `${setting.what}: ${text}${statusText(facts)}${reasonText(error, setting)}`;

  if (isRateLimit(facts))
    return new RateLimitedError(say('the venue asks for a pause'), cooldownOf(facts, setting), options);
  if (isForbidden(facts)) {
    return new SourceError('SOURCE_FORBIDDEN', say(REGION_REMEDY), { ...options, scope: 'venue' });
  }
  if (facts.status === 401 || facts.classes.has('AuthenticationError')) {
    return new SourceError('SOURCE_AUTH', say('the venue wants other credentials or permissions'), {
      ...options,
      scope: 'venue',
    });
  }
  return seriesError(facts, say, options) ?? callError(facts, say, options);
}

type Options = {
  readonly status: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause: unknown;
};
type Say = (text: string) => string;

/** Refusals that hold for this series for good. */
function seriesError({ classes, status, text }: Facts, say: Say, options: Options): Error | undefined {
  if (status !== undefined && status >= 500) return undefined;
  const unclear = !classes.has('OperationFailed') || classes.has('ExchangeNotAvailable');
  // Nothing here asks for an order: a plain "not found" that ccxt reads so is said of the symbol.
  const unknown = classes.has('BadSymbol') || classes.has('OrderNotFound');
  if (unknown || (unclear && UNKNOWN_PAIR_TEXT.test(text))) {
    return new SourceError('SYMBOL_UNKNOWN', say('the venue does not know the symbol'), {
      ...options,
      scope: 'series',
    });
  }
  if (
    ['BadRequest', 'ArgumentsRequired', 'ContractUnavailable', 'NotSupported'].some((c) => classes.has(c))
  ) {
    return new SourceError('SERIES_REFUSED', say('the venue refuses this series'), {
      ...options,
      scope: 'series',
    });
  }
  return undefined;
}

/** Failures of this call: another try may do. */
function callError({ classes, status }: Facts, say: Say, options: Options): Error {
  if (classes.has('OnMaintenance')) {
    return new SourceUnavailableError(say('the venue is under maintenance'), {
      ...options,
      details: { ...options.details, maintenance: true },
    });
  }
  const silent = status === undefined || status < 300;
  const network = ['NetworkError', 'InvalidNonce'].some((c) => classes.has(c));
  if ((status !== undefined && status >= 500) || (network && silent)) {
    return new SourceUnavailableError(say('no usable answer'), options);
  }
  if (classes.has('BadResponse')) return new BadSourceDataError(say('the answer cannot be read'), options);
  if (classes.has('BaseError')) {
    return new SourceError('SOURCE_REFUSED', say('the venue refused'), {
      ...options,
      scope: 'call',
      retryable: true,
    });
  }
  // ccxt stumbled over the shape of an answer, which is the answer's fault as long as there was one.
  if (status !== undefined) return new BadSourceDataError(say('the answer cannot be read'), options);
  return new SourceError('SOURCE_FAILED', say('the request could not be made'), {
    ...options,
    scope: 'call',
  });
}

function isRateLimit({ classes, status, text }: Facts): boolean {
  if (status === 429 || status === 418) return true;
  if (RESTRICTED_TEXT.test(text)) return false;
  if (classes.has('RateLimitExceeded') || classes.has('DDoSProtection')) return true;
  return status === 403 && RATE_TEXT.test(text);
}

const isForbidden = ({ classes, status, text }: Facts): boolean =>
  status === 451 ||
  classes.has('RestrictedLocation') ||
  RESTRICTED_TEXT.test(text) ||
  (status === 403 && !classes.has('AuthenticationError'));

const cooldownOf = (facts: Facts, { trace, now }: ErrorSetting): number =>
  cooldownMs({ status: facts.status, retryAfter: trace?.headers['retry-after'], text: facts.text, now });

function factsOf(error: unknown, trace: Trace | undefined): Facts {
  const classes = new Set<string>();
  for (let p: unknown = error; typeof p === 'object' && p !== null; p = Object.getPrototypeOf(p)) {
    const name: unknown = (p as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
    if (typeof name === 'string' && name !== 'Object') classes.add(name);
  }
  const message = error instanceof Error ? error.message : String(error);
  return { classes, status: trace?.status, text: `${message} ${trace?.excerpt ?? ''}` };
}

const statusText = ({ status }: Facts): string => (status === undefined ? '' : ` (HTTP ${status})`);

const reasonText = (error: unknown, { redact }: ErrorSetting): string =>
  error instanceof Error && error.message !== '' ? `: ${redact(withoutQueries(error.message))}` : '';

/** ccxt puts whole addresses into its messages, signatures and all. */
const withoutQueries = (text: string): string => text.replace(/(https?:\/\/[^\s?]+)\?\S*/g, '$1');

/** The original is not kept as it is: its message may hold a signed address. */
function cleanCause(error: unknown, { redact }: ErrorSetting): unknown {
  if (!(error instanceof Error)) return undefined;
  const clean = new Error(redact(withoutQueries(error.message)));
  clean.name = error.constructor.name;
  return clean;
}
