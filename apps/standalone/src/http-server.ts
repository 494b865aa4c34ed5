import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ExportFormat, Logger, SeriesQueries } from '@kairos/ports';
import { EXPORT_FORMATS } from '@kairos/series';
import type { SignalHandler, SignalReply } from '@kairos/signals';
import { IDLE_MS, limitConnections, SERVER_LIMITS, unreadableAnswer } from './http-connections.ts';
import { BODY_LIMIT, failed, guarded } from './http-failures.ts';
import { ownHosts, refusalOf, refuse } from './http-guard.ts';
import type { Health } from './health.ts';

/** A request must have come whole within this, or its connection is closed. */
const REQUEST_MS = 30_000;

export interface HttpDeps {
  readonly signals: SignalHandler;
  readonly series: SeriesQueries;
  readonly health: Health;
  readonly log: Logger;
  readonly locale: 'zh' | 'en';
  readonly host: string;
  readonly token: string | undefined;
  /** Hides secrets in texts. Failures repeat what was asked, and pass through it; data never do. */
  readonly hide?: ((text: string) => string) | undefined;
  /** Called after a signal was taken, so that new work starts at once. */
  readonly nudge: () => void;
}

type Query = Readonly<Record<string, string | undefined>>;
interface SeriesParams {
  readonly source: string;
  readonly symbol: string;
  readonly dataType: string;
  readonly frequency: string;
}

/**
 * The HTTP door. `POST /task` takes any signal and answers its envelope; every GET under `/v1` is a signal too, answered
 * with the envelope's `data` alone. Failures carry the envelope everywhere.
 */
export function createHttpServer(deps: HttpDeps): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_MS,
    connectionTimeout: IDLE_MS,
    http: SERVER_LIMITS,
    clientErrorHandler: unreadableAnswer(deps.locale),
    logger: false,
    routerOptions: { maxParamLength: 256 },
    forceCloseConnections: 'idle',
    // Addresses that cannot be read never get as far as a route, or its hooks.
    frameworkErrors: (error, _request, reply) => void failed(deps, error, guarded(reply)),
  });
  limitConnections(app.server);
  const guard = { isOwnHost: ownHosts(deps.host), token: deps.token };
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  // Hooks that call back: a promise for each would be a good part of what a request costs.
  app.addHook('onRequest', (request, reply, done) => {
    guarded(reply);
    const refusal = refusalOf(request, guard);
    if (refusal) refuse(reply, refusal, deps.locale);
    else done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    const isFailure = reply.statusCode >= 400 && typeof payload === 'string';
    done(null, deps.hide && isFailure ? deps.hide(payload) : payload);
  });
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message?: string }, _request, reply) =>
    failed(deps, error, reply),
  );
  app.setNotFoundHandler((_request, reply) =>
    refuse(
      reply,
      {
        status: 404,
        code: 'ROUTE_UNKNOWN',
        en: 'no such path; see docs/reference/http.md',
        zh: '路径不存在；见 docs/reference/http.md',
      },
      deps.locale,
    ),
  );
  addTaskRoutes(app, deps);
  addSeriesRoutes(app, deps);
  app.get('/health', async (_request, reply) => {
    const health = await deps.health.check();
    return reply.code(health.status === 'ok' ? 200 : 503).send(health);
  });
  return app;
}

function addTaskRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.post('/task', async (request, reply) => {
    const deliveryId =
      typeof request.headers['x-request-id'] === 'string' ? request.headers['x-request-id'] : undefined;
    const answer = await deps.signals.handleText(
      (request.body as Buffer | undefined) ?? '',
      deliveryId === undefined ? {} : { deliveryId },
    );
    if (answer.status === 200) deps.nudge();
    return reply.code(answer.status).send(answer.body);
  });
  app.get('/v1/tasks', async (request, reply) => {
    const { q, ...rest } = request.query as Query;
    const signal =
      q === undefined
        ? asked({ action: 'list_tasks' }, rest)
        : asked({ action: 'search_tasks', query: q }, rest);
    return sendData(reply, await deps.signals.handle(signal));
  });
  app.get<{ Params: { id: string } }>('/v1/tasks/:id', async (request, reply) =>
    sendData(reply, await deps.signals.handle({ action: 'get_task_status', task_id: request.params.id })),
  );
  app.get<{ Params: { id: string } }>('/v1/tasks/:id/runs', async (request, reply) =>
    sendData(
      reply,
      await deps.signals.handle(
        asked({ action: 'list_runs', task_id: request.params.id }, request.query as Query),
      ),
    ),
  );
}

function addSeriesRoutes(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/v1/series', async (request, reply) => {
    const { limit, cursor } = request.query as Query;
    const page = await deps.series.list({
      limit: Math.min(1_000, Math.max(1, Math.trunc(Number(limit)) || 100)),
      cursor,
    });
    const series = page.items.map((s) => ({
      realm: s.realm,
      source: s.source,
      symbol: s.instrument.slice(s.instrument.indexOf(':') + 1),
      instrument: s.instrument,
      data_type: s.dataType,
      frequency: s.timeframe,
      market_id: s.marketId,
      volume_unit: s.volumeUnit,
    }));
    return reply.send(page.next === undefined ? { series } : { series, next_cursor: page.next });
  });
  app.get<{ Params: SeriesParams }>(
    '/v1/coverage/:source/:symbol/:dataType/:frequency',
    async (request, reply) =>
      sendData(
        reply,
        await deps.signals.handle({
          action: 'get_coverage',
          ...seriesOf(request),
          ...pick(request.query as Query, ['from', 'to', 'realm', 'derive']),
        }),
      ),
  );
  app.get<{ Params: SeriesParams }>(
    '/v1/findings/:source/:symbol/:dataType/:frequency',
    async (request, reply) =>
      sendData(
        reply,
        await deps.signals.handle({
          action: 'list_findings',
          ...seriesOf(request),
          ...pick(request.query as Query, ['from', 'to', 'realm', 'price', 'code', 'limit', 'cursor']),
        }),
      ),
  );
  app.get<{ Params: SeriesParams }>(
    '/v1/series/:source/:symbol/:dataType/:frequency',
    async (request, reply) => seriesData(deps, request, reply),
  );
}

/** Query values as a signal has them: numbers where the text is one. */
function numbers(query: Query, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([k, v]) => [
      k,
      names.includes(k) && v !== undefined && /^\d{1,15}$/.test(v) ? Number(v) : v,
    ]),
  );
}

/**
 * The signal of a GET: what its path says, then its query. A query that names what the path has said could turn a question
 * into a command, so that name is left for nobody to know.
 */
function asked(path: Readonly<Record<string, string>>, query: Query): Record<string, unknown> {
  const named = Object.entries(numbers(query, 'limit')).map(
    ([k, v]) => [Object.hasOwn(path, k) ? `?${k}` : k, v] as const,
  );
  return { ...Object.fromEntries(named), ...path };
}

/** Times may be ISO-8601 or epoch milliseconds, also in a URL. */
function pick(query: Query, names: readonly string[]): Record<string, unknown> {
  const present = Object.entries(query).filter(([k, v]) => names.includes(k) && v !== undefined && v !== '');
  return truths(numbers(Object.fromEntries(present), 'from', 'to', 'limit'));
}

/** `derive` as a signal has it: true, false, or the name of a frequency. */
const truths = (fields: Record<string, unknown>): Record<string, unknown> =>
  fields['derive'] === 'true' || fields['derive'] === 'false'
    ? { ...fields, derive: fields['derive'] === 'true' }
    : fields;

const isExportFormat = (text: string): text is ExportFormat => EXPORT_FORMATS.some((f) => f === text);

function seriesOf(request: FastifyRequest<{ Params: SeriesParams }>): Record<string, string> {
  const { source, symbol, dataType, frequency } = request.params;
  const named = (request.query as Query)['symbol'];
  return { source, symbol: named ?? symbol, data_type: dataType, frequency };
}

function sendData(reply: FastifyReply, answer: SignalReply): FastifyReply {
  return reply.code(answer.status).send(answer.body.success ? answer.body.data : answer.body);
}

/**
 * A series' records: `format=json` a page (with `next_cursor`), else the whole span, streamed as a file. The signal
 * door checks the parameters for every format.
 */
async function seriesData(
  deps: HttpDeps,
  request: FastifyRequest<{ Params: SeriesParams }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = request.query as Query;
  const { format = 'json' } = query;
  const signal = {
    action: 'query_data',
    ...seriesOf(request),
    ...pick(query, ['from', 'to', 'realm', 'cursor', 'derive']),
  };
  const includeProvisional = query['include_provisional'] === 'true';
  if (format === 'json') {
    return sendData(
      reply,
      await deps.signals.handle({
        ...signal,
        ...pick(query, ['limit']),
        include_provisional: includeProvisional,
      }),
    );
  }
  if (!isExportFormat(format)) {
    return refuse(
      reply,
      {
        status: 400,
        code: 'FORMAT_UNKNOWN',
        en: 'format must be json, csv, ndjson or parquet',
        zh: 'format 必须是 json、csv、ndjson 或 parquet',
      },
      deps.locale,
    );
  }
  const limit = query['limit'];
  if (limit !== undefined && !/^[1-9]\d{0,11}$/.test(limit)) {
    return refuse(
      reply,
      {
        status: 400,
        code: 'LIMIT_INVALID',
        en: 'limit must be a positive whole number',
        zh: 'limit 必须是正整数',
      },
      deps.locale,
    );
  }
  const checked = await deps.signals.handle({ ...signal, limit: 1 });
  if (!checked.body.success) return sendData(reply, checked);
  const file = await deps.series.export({
    series: {
      source: request.params.source,
      symbol: seriesOf(request)['symbol'] ?? '',
      dataType: request.params.dataType,
      frequency: request.params.frequency,
      realm: query['realm'],
    },
    from: instant(query['from']),
    to: instant(query['to']),
    limit: limit === undefined ? undefined : Number(limit),
    includeProvisional,
    format,
    ...pick(query, ['derive']),
  });
  if (file.derivedFrom !== undefined) reply.header('x-kairos-derived-from', file.derivedFrom);
  return reply
    .header('content-type', file.mediaType)
    .header('content-disposition', `attachment; filename="${file.fileName}"`)
    .header('x-kairos-realm', file.series.realm)
    .send(Readable.from(file.chunks, { objectMode: false, highWaterMark: 65_536 }));
}

/** A time that the signal door has found well-formed, read as it reads it: without a zone it is UTC. */
function instant(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const iso = text.replace(' ', 'T').replace(',', '.');
  return Date.parse(/T[^Z+-]*$/.test(iso) ? `${iso}Z` : iso);
}
