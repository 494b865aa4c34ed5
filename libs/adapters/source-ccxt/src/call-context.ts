import { AsyncLocalStorage } from 'node:async_hooks';
import type { BudgetScope, SourceCall } from '@kairos/ports';

/** One HTTP answer, as it was seen on the wire. */
export interface Trace {
  /** Without the query. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly sha256: string;
  readonly receivedAt: number;
  readonly weight: number;
  readonly scope: BudgetScope;
  /** Start of the text of a refused request, for telling its cause. */
  readonly excerpt: string;
  /** The body as ccxt parsed it. */
  parsed?: unknown;
}

/** One call of a source's method: who waits, and what its requests met. Calls in parallel never see each other's. */
export interface CallContext extends SourceCall {
  readonly traces: Trace[];
  /** Taken from the budget so far, answered or not. */
  weight: number;
  /** Reads a body itself, where that is quicker than parsing it. Answers what ccxt gets in its place; undefined: parse it. */
  read?: ((body: string) => unknown) | undefined;
}

/** One request on its way through ccxt: what it asks for, and what it will cost. */
export interface RequestContext {
  readonly call: CallContext;
  readonly scope: BudgetScope;
  readonly weight: number;
  trace?: Trace;
}

const calls = new AsyncLocalStorage<CallContext>();
const requests = new AsyncLocalStorage<RequestContext>();

/** Runs a method of ccxt on behalf of a call. */
export const runCall = <T>(call: CallContext, work: () => Promise<T>): Promise<T> => calls.run(call, work);

/** Runs one request of the current call. */
export const runRequest = <T>(request: RequestContext, work: () => Promise<T>): Promise<T> =>
  requests.run(request, work);

export const newCall = ({ signal, priority }: SourceCall): CallContext => ({
  signal,
  priority,
  traces: [],
  weight: 0,
});

export const currentCall = (): CallContext => present(calls.getStore());
export const currentRequest = (): RequestContext => present(requests.getStore());

const blamed = new WeakMap<object, { readonly trace: Trace | undefined }>();

/** Notes which answer an error came from: requests of one call may run in parallel. */
export function blame(error: unknown, trace: Trace | undefined): void {
  if (typeof error === 'object' && error !== null && !blamed.has(error)) blamed.set(error, { trace });
}

/** The answer an error came from: none if its request got none, else the last one its call got. */
export function blamedTrace(error: unknown, call: CallContext): Trace | undefined {
  const known = typeof error === 'object' && error !== null ? blamed.get(error) : undefined;
  return known ? known.trace : call.traces.at(-1);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a request left ccxt outside of a call');
  return value;
}
