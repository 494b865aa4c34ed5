import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { STATUS_CODES } from 'node:http';
import {
  BadSourceDataError,
  ConfigError,
  KairosError,
  SourceUnavailableError,
  type Realm,
} from '@kairos/domain';
import type { Clock, VenueBudget } from '@kairos/ports';
import { Agent, type Dispatcher, request as undiciRequest } from 'undici';
import { guardedLookup, isLoopbackHost, refusalOf } from './addresses.ts';
import { checkRealm, whatIsWrong } from './body-check.ts';
import { currentRequest, type RequestContext, type Trace } from './call-context.ts';
import { LiveFirst } from './live-first.ts';
import { isProxied, proxyDispatcher, type ProxyRoute } from './proxy.ts';
import { readBody } from './read-body.ts';
import { publicUrl, type Redact } from './redact.ts';

export interface ClientOptions {
  readonly realm: Realm;
  /** Where every request must go; undefined: wherever ccxt sends it, by https. */
  readonly origin: URL | undefined;
  readonly proxy?: ProxyRoute | undefined;
  readonly timeoutMs: number;
  readonly budget: VenueBudget;
  readonly clock: Clock;
  /** Hides what the venue must not make us repeat. */
  readonly redact?: Redact | undefined;
}

/** What ccxt hands to a fetch implementation. */
export interface FetchParams {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** What ccxt reads of a response. */
export interface FetchResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  text(): Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const EXCERPT = 2_000;

/**
 * The way out of this process for one source: takes weight, sends, reads under one deadline, and refuses what is not an
 * answer to the question. What was seen is left in the request's context; ccxt gets the text.
 */
export class HttpClient {
  readonly #options: ClientOptions;
  readonly #liveFirst: LiveFirst;
  readonly #agent = new Agent({ connect: { lookup: guardedLookup }, keepAliveTimeout: 30_000 });
  /** Looks names up itself: what a name leads to is the proxy's to guard. */
  readonly #proxy: Dispatcher | undefined;
  #clockOffsetMs: number | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#liveFirst = new LiveFirst(options.clock);
    this.#proxy = options.proxy && proxyDispatcher(options.proxy);
  }

  /** How far the venue's clock (the Date header of its last answer) is ahead of ours. */
  get clockOffsetMs(): number | undefined {
    return this.#clockOffsetMs;
  }

  async send(address: string, params: FetchParams): Promise<FetchResponse> {
    const context = currentRequest();
    return this.#liveFirst.run(context.call, () => this.#send(address, params, context));
  }

  async #send(address: string, params: FetchParams, context: RequestContext): Promise<FetchResponse> {
    const { clock, budget, realm } = this.#options;
    const url = this.#admit(address);
    const { signal, priority } = context.call;
    await budget.take({ scope: context.scope, weight: context.weight, priority, signal });
    const sentAt = clock.now();
    context.call.weight += context.weight;
    const answer = await this.#exchange(url, params, signal);
    const text = answer.bytes.toString('utf8');
    this.#record(context, url, answer, text);
    this.#observe(context, answer, sentAt);
    checkRealm(realm, answer, { url: publicUrl(url), redact: this.#options.redact ?? ((text) => text) });
    refuseWrongBody(answer, text, publicUrl(url));
    const { status, headers } = answer;
    return { status, statusText: STATUS_CODES[status] ?? '', headers, text: () => Promise.resolve(text) };
  }

  /** Cuts what is still under way. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#proxy?.destroy()]);
  }

  #admit(address: string): URL {
    const url = new URL(address);
    const { origin } = this.#options;
    const stray = origin !== undefined && url.origin !== origin.origin;
    const why = refusalOf(url) ?? (stray ? `the source is bound to ${origin.origin}` : undefined);
    if (why !== undefined) throw new ConfigError(`${publicUrl(url)} must not be called: ${why}`);
    return url;
  }

  async #exchange(url: URL, params: FetchParams, signal: AbortSignal): Promise<Answer> {
    const deadline = new AbortController();
    const stop = (): void => deadline.abort(signal.reason);
    const timer = setTimeout(() => deadline.abort(), this.#options.timeoutMs);
    // A list of markets may take a dozen requests at once, all for one caller: no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) stop();
      return await this.#receive(url, params, deadline.signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw this.#failure(error, url, deadline.signal.aborted);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  async #receive(url: URL, params: FetchParams, signal: AbortSignal): Promise<Answer> {
    const encodings = isLoopbackHost(url.hostname) ? 'identity' : 'gzip, deflate, br';
    const { statusCode, headers, body } = await undiciRequest(url, {
      method: (params.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: { ...params.headers, 'accept-encoding': encodings },
      body: params.body ?? null,
      dispatcher: this.#dispatcherFor(url),
      signal,
    });
    try {
      const flat = flatten(headers);
      const bytes = await readBody(body, (flat['content-encoding'] ?? '').toLowerCase(), publicUrl(url));
      return { status: statusCode, headers: flat, bytes };
    } catch (error) {
      body.on('error', () => undefined).destroy();
      throw error;
    }
  }

  #dispatcherFor(url: URL): Dispatcher {
    const { proxy } = this.#options;
    return this.#proxy && proxy && isProxied(proxy, url) ? this.#proxy : this.#agent;
  }

  #failure(error: unknown, url: URL, timedOut: boolean): Error {
    if (KairosError.is(error)) return error;
    const way = this.#dispatcherFor(url) === this.#agent ? '' : ' through the proxy';
    const what = timedOut
      ? `did not answer${way} within ${this.#options.timeoutMs} ms`
      : `could not be reached${way} (${codeOf(error)})`;
    return new SourceUnavailableError(`${publicUrl(url)} ${what}`, { cause: error });
  }

  #record(context: RequestContext, url: URL, { status, headers, bytes }: Answer, text: string): void {
    const trace: Trace = {
      url: publicUrl(url),
      status,
      headers,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      receivedAt: this.#options.clock.now(),
      weight: context.weight,
      scope: context.scope,
      excerpt: status === 200 ? '' : text.slice(0, EXCERPT),
    };
    context.trace = trace;
    context.call.traces.push(trace);
  }

  /** A count told across the turn of a window is of the old one, and says nothing of the new. */
  #observe({ scope }: RequestContext, { headers }: Answer, sentAt: number): void {
    const now = this.#options.clock.now();
    const date = Date.parse(headers['date'] ?? '');
    if (Number.isFinite(date)) this.#clockOffsetMs = date - now;
    const used = Number(headers['x-mbx-used-weight-1m'] ?? headers['x-mbx-used-weight'] ?? NaN);
    const sameWindow = Math.floor(sentAt / scope.windowMs) === Math.floor(now / scope.windowMs);
    if (Number.isFinite(used) && sameWindow) this.#options.budget.observe({ scope, used });
  }
}

/** No venue's interface redirects with reason; following would let an answer come from anywhere. */
function refuseWrongBody({ status, headers }: Answer, text: string, url: string): void {
  if (status >= 300 && status < 400) {
    throw new BadSourceDataError(`${url} redirects (HTTP ${status}), which is not followed`, { status });
  }
  if (status !== 200) return;
  const wrong = whatIsWrong(text, headers['content-type'] ?? '');
  if (wrong !== undefined)
    throw new BadSourceDataError(`the answer of ${url} (HTTP 200) ${wrong}`, { status });
}

const flatten = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  );

const codeOf = (error: unknown): string => {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const refused = /^Proxy response \(\d+\)/.exec(String(message))?.[0];
  if (refused !== undefined) return refused;
  return typeof code === 'string' ? code : String(message ?? 'no reason given').slice(0, 100);
};
