import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { VenueMarket } from './market.ts';
import { RecordingMarket } from './recording/recording-market.ts';
import type { RecordingMode } from './recording/shelf.ts';
import { RequestLog } from './request-log.ts';
import type { RequestHook, RequestLogEntry, VenueCounts } from './request-log.ts';
import { respond } from './respond.ts';
import type { Intercept } from './respond.ts';
import { SyntheticMarket } from './synthetic/synthetic-market.ts';
import type { SyntheticMode } from './synthetic/synthetic-market.ts';
import { transmit } from './transmit.ts';
import { WeightMeter } from './weights.ts';
import type { VenueClock } from './weights.ts';

export interface SandboxVenueOptions {
  readonly mode: SyntheticMode | RecordingMode;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Venue time. Default: the system's for a synthetic world, fixed after the last bar for a recording. */
  readonly clock?: VenueClock;
  /** By what minutes request weight is counted. Default: the system's clock, so that a fixed venue time does not stop it. */
  readonly weightClock?: VenueClock;
  /** Delay before each answer. Default 0. */
  readonly latencyMs?: number | (() => number);
  /** Faults on demand; see `Intercept`. */
  readonly intercept?: Intercept;
}

/** A running venue. `clock`, `intercept` and the latency may be changed at any time. */
export interface SandboxVenue {
  readonly url: string;
  readonly realm: string;
  clock: VenueClock;
  intercept: Intercept | undefined;
  /** The latest requests, oldest first; bounded. */
  requests(): readonly RequestLogEntry[];
  counts(): VenueCounts;
  /** Tells of each request once its answer is decided; returns a function that unsubscribes. */
  onRequest(hook: RequestHook): () => void;
  setLatency(latency: number | (() => number)): void;
  /** Cuts open connections. Safe to call again. */
  close(): Promise<void>;
}

export const systemClock: VenueClock = { now: () => Date.now() };

/** A clock that stands still. */
export const fixedClock = (instant: number): VenueClock => ({ now: () => instant });

/** Starts a venue; resolves when it accepts requests. Rejects if the port is taken or the recording cannot be read. */
export async function startSandboxVenue(options: SandboxVenueOptions): Promise<SandboxVenue> {
  const { market, clock } = world(options);
  const log = new RequestLog();
  const meter = new WeightMeter(options.weightClock ?? systemClock);
  let latency = options.latencyMs ?? 0;
  const server = createServer((incoming, response) => {
    const respondent = { market, meter, clock: venue.clock, intercept: venue.intercept };
    const wait = typeof latency === 'function' ? latency() : latency;
    serve(respondent, log, wait, incoming, response).catch((error: unknown) => fail(response, error));
  });
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const venue: SandboxVenue = {
    url,
    realm: market.realm,
    clock,
    intercept: options.intercept,
    requests: () => log.entries(),
    counts: () => log.counts(),
    onRequest: (hook) => log.subscribe(hook),
    setLatency: (next) => {
      latency = next;
    },
    close: () => close(server),
  };
  return venue;
}

function world(options: SandboxVenueOptions): { market: VenueMarket; clock: VenueClock } {
  if (options.mode.kind === 'synthetic') {
    return { market: new SyntheticMarket(options.mode), clock: options.clock ?? systemClock };
  }
  const market = new RecordingMarket(options.mode);
  return { market, clock: options.clock ?? fixedClock(market.endsAt()) };
}

async function serve(
  respondent: Parameters<typeof respond>[0],
  log: RequestLog,
  latencyMs: number,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  incoming.resume();
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://venue');
  const { method = 'GET', headers } = incoming;
  const asked = { method, path: pathname, query: searchParams, headers };
  await pause(latencyMs);
  const { request, answer } = await respond(respondent, asked);
  log.add({
    method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    status: answer.destroy ? 0 : answer.status,
    weight: request.weight,
    at: request.at,
  });
  await pause(answer.delayMs);
  transmit(response, answer, String(headers['accept-encoding'] ?? ''));
}

/** A fault of the venue itself (or of a hook) must be loud, and not look like one of Binance's answers. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { 'content-type': 'text/plain' }).end(`sandbox venue: ${String(error)}`);
}

const pause = (ms: number): Promise<void> | undefined =>
  ms > 0 ? new Promise((resolve) => void setTimeout(resolve, ms).unref()) : undefined;

const listen = (server: Server, host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The venue has no port'));
      else resolve(`http://${host.includes(':') ? `[${host}]` : host}:${address.port}`);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
