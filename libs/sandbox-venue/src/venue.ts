import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Dialect } from './dialect.ts';
import { FaultEngine } from './faults/fault-engine.ts';
import { FaultLog } from './faults/fault-log.ts';
import type { FaultLogEntry, FaultPlan } from './faults/plan.ts';
import { WeightMeter } from './limits.ts';
import type { VenueLimits } from './limits.ts';
import type { VenueMarket } from './market.ts';
import { RecordingMarket } from './recording/recording-market.ts';
import type { RecordingMode } from './recording/shelf.ts';
import { RequestLog } from './request-log.ts';
import type { RequestHook, RequestLogEntry, VenueCounts } from './request-log.ts';
import { respond } from './respond.ts';
import type { Intercept } from './respond.ts';
import { SyntheticMarket } from './synthetic/synthetic-market.ts';
import type { SyntheticMode } from './synthetic/synthetic-market.ts';
import { statusSeen, transmit } from './transmit.ts';
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
  /** Further exchanges to speak for, asked in order before Binance spot. Default: none. */
  readonly dialects?: readonly Dialect[];
  /** Request weight an address may use; default: what the real venue allows. */
  readonly limits?: VenueLimits;
  /** What goes wrong; default: nothing. */
  readonly faults?: FaultPlan;
  /** Replaces parts of answers; see `Intercept`. */
  readonly intercept?: Intercept;
}

/** A running venue. `clock`, `intercept`, `faults` and the latency may be changed at any time. */
export interface SandboxVenue {
  readonly url: string;
  readonly realm: string;
  clock: VenueClock;
  /** Speaks before the faults do: where it replaces something, no fault strikes. */
  intercept: Intercept | undefined;
  /** The plan of faults; one that is set, even the same, begins anew. Requests refused by limits meet no fault. */
  faults: FaultPlan | undefined;
  /** The latest faults, oldest first; bounded. */
  faultLog(): readonly FaultLogEntry[];
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
  const dialects = options.dialects ?? [];
  const log = new RequestLog();
  const meter = new WeightMeter(options.weightClock ?? systemClock, options.limits ?? {});
  const faultLog = new FaultLog();
  const engineOf = (plan: FaultPlan | undefined): FaultEngine | undefined =>
    plan && new FaultEngine(plan, market, faultLog);
  let faults = engineOf(options.faults);
  let latency = options.latencyMs ?? 0;
  const server = createServer((incoming, response) => {
    const { clock, intercept } = venue;
    const respondent = { market, dialects, meter, clock, intercept, faults };
    const wait = typeof latency === 'function' ? latency() : latency;
    serve(respondent, log, wait, incoming, response).catch((error: unknown) => fail(response, error));
  });
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const venue: SandboxVenue = {
    url,
    realm: market.realm,
    clock,
    intercept: options.intercept,
    get faults() {
      return faults?.plan;
    },
    set faults(plan) {
      faults = engineOf(plan);
    },
    faultLog: () => faultLog.entries(),
    requests: () => log.entries(),
    counts: () => ({ ...log.counts(), ...meter.counts() }),
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
  const address = incoming.socket.remoteAddress ?? '';
  const asked = { method, path: pathname, query: searchParams, headers, address };
  await pause(latencyMs);
  const { request, answer } = await respond(respondent, asked);
  log.add({
    method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    status: statusSeen(answer),
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
