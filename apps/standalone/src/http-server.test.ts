import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { StoreError, type Part, type Row } from '@kairos/domain';
import type { SeriesStore, SourceRegistry } from '@kairos/ports';
import { SeriesService } from '@kairos/series';
import { createSignalHandler, MAX_SIGNAL_BYTES } from '@kairos/signals';
import { MemoryRunHistory, MemorySeriesStore, MemoryStore, MemoryTaskStore } from '@kairos/store-memory';
import { TaskService } from '@kairos/tasks';
import {
  aFinding,
  aPart,
  aSeries,
  emptyPartOf,
  FakeClock,
  FakeIds,
  forEverySource,
  klineRow,
  RecordingLogger,
  T0,
} from '@kairos/testkit';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Health } from './health.ts';
import { createHttpServer, type HttpDeps } from './http-server.ts';

const MINUTE = 60_000;
const BTC = '/v1/series/binance/BTCUSDT/kline/1m';

const SOURCES: SourceRegistry = {
  ids: () => ['binance'],
  describe: (id) =>
    id === 'binance' ? { id, realm: 'sandbox:1', dataTypes: { kline: ['1m', '1h'], ticker: [] } } : undefined,
  open: () => Promise.reject(new Error('no source is opened for a signal')),
  close: () => Promise.resolve(),
};

const CREATE = {
  action: 'create_task',
  task_id: 'majors',
  project_id: 'p',
  dataset: 'd',
  data_type: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT'],
  frequency: '1m',
};

interface Door {
  readonly app: FastifyInstance;
  readonly store: MemorySeriesStore;
  readonly tasks: MemoryTaskStore;
  readonly log: RecordingLogger;
  readonly nudges: () => number;
}

/** The HTTP door before real rooms over stores in memory. */
function door(over: Partial<HttpDeps> = {}, wrap: (store: SeriesStore) => SeriesStore = (s) => s): Door {
  const data = new MemoryStore();
  const clock = new FakeClock({ now: T0 + 10 * MINUTE });
  const calendars = forEverySource(new AlwaysOpenCalendar());
  const store = new MemorySeriesStore(data);
  const tasks = new MemoryTaskStore(data);
  const history = new MemoryRunHistory(data);
  const log = new RecordingLogger();
  const series = new SeriesService({
    store: wrap(store),
    calendars,
    clock,
    realmOf: (id) => SOURCES.describe(id)?.realm,
  });
  const service = new TaskService({ tasks, history, series: store, calendars, clock, ids: new FakeIds() });
  const signals = createSignalHandler({
    tasks: service,
    queries: service,
    series,
    sources: SOURCES,
    clock,
    locale: 'en',
    log,
  });
  let nudges = 0;
  const app = createHttpServer({
    signals,
    series,
    health: new Health(tasks, clock, { version: '1.2.3', pid: 42 }),
    log,
    locale: 'en',
    host: '127.0.0.1',
    token: undefined,
    nudge: () => (nudges += 1),
    ...over,
  });
  return { app, store, tasks, log, nudges: () => nudges };
}

let d: Door;
beforeEach(() => {
  d = door();
});
afterEach(() => d.app.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  d.app.inject({ method: 'GET', url, headers: { host: 'localhost:8640', ...headers } });

const post = (payload: unknown, more: Partial<InjectOptions> = {}) =>
  d.app.inject({
    method: 'POST',
    url: '/task',
    headers: { host: 'localhost:8640', 'content-type': 'application/json', ...more.headers },
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });

async function keep(n: number, over: Parameters<typeof aSeries>[0] = {}, seed = 0): Promise<Row[]> {
  const series = await d.store.ensureSeries({ series: aSeries(over) });
  const rows = Array.from({ length: n }, (_, i) => klineRow(T0 + i * MINUTE, seed));
  if (n > 0) await d.store.commit({ series, part: aPart(series, rows) });
  return rows;
}

const times = (csv: string): number[] =>
  csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[0]));

describe('what the guard refuses', () => {
  it.each([
    ['a host that is not ours', { host: 'evil.example' }, 421, 'HOST_REFUSED'],
    ['a foreign origin', { origin: 'https://evil.example' }, 403, 'ORIGIN_REFUSED'],
  ])('is %s, on every path, with the envelope', async (_name, headers, status, code) => {
    for (const url of ['/health', '/v1/tasks', BTC, '/nowhere']) {
      const answer = await get(url, headers);
      expect(answer.statusCode).toBe(status);
      expect(answer.json()).toEqual({
        success: false,
        message: 'request refused',
        error: expect.any(String),
        code,
      });
    }
  });

  it('does nothing of what was asked', async () => {
    const answer = await post(CREATE, { headers: { origin: 'https://evil.example' } });

    expect(answer.statusCode).toBe(403);
    expect((await d.tasks.list({ filter: {}, limit: 1 })).total).toBe(0);
    expect(d.nudges()).toBe(0);
  });

  it('is every path without the token, health too, once there is one', async () => {
    await d.app.close();
    d = door({ token: 'correct-horse-battery' });

    for (const url of ['/health', '/v1/tasks', BTC])
      expect((await get(url)).json()).toMatchObject({ code: 'TOKEN_REFUSED' });
    expect((await post(CREATE)).statusCode).toBe(401);
    const authorization = 'Bearer correct-horse-battery';
    expect((await get('/v1/tasks', { authorization })).statusCode).toBe(200);
    expect((await post(CREATE, { headers: { authorization } })).statusCode).toBe(200);
  });

  it('is a body that is not announced as JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await post(CREATE, { headers: { 'content-type': type } });
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        415,
        'CONTENT_TYPE_REFUSED',
      ]);
    }
  });

  it('is a body that is too large; the largest one gets through', async () => {
    const fill = (length: number): string =>
      `${JSON.stringify({ action: 'list_tasks' }).padEnd(length, ' ')}`;

    expect((await post(fill(MAX_SIGNAL_BYTES))).statusCode).toBe(200);
    const answer = await post(fill(MAX_SIGNAL_BYTES + 1));
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('speaks Chinese where the deployment does', async () => {
    await d.app.close();
    d = door({ locale: 'zh' });

    expect((await get('/health', { host: 'evil.example' })).json()).toMatchObject({ message: '请求被拒绝' });
  });
});

describe('any answer', () => {
  it.each(['/health', '/v1/tasks', '/nowhere', '/v1/tasks/none'])(
    'of %s is neither sniffed nor kept',
    async (url) => {
      const { headers } = await get(url);

      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  it.each(['/', '/nowhere', '/v1', '/v1/series/binance', '/v1/coverage/binance/BTCUSDT/kline', '/task'])(
    'to GET %s is 404 with the envelope',
    async (url) => {
      const answer = await get(url);

      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ success: false, code: 'ROUTE_UNKNOWN' });
    },
  );

  it('to a name longer than any can be is a refusal', async () => {
    const answer = await get(`/v1/tasks/${'x'.repeat(300)}`);

    expect(answer.json()).toMatchObject({ success: false });
    expect([400, 404, 414]).toContain(answer.statusCode);
  });

  it.each(['/v1/tasks/%E0%A4%A', '/v1/series/binance/%zz/kline/1m'])(
    'to the broken address %s is a refusal',
    async (url) => {
      const answer = await get(url);

      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ success: false, code: 'REQUEST_INVALID' });
    },
  );
});

describe('POST /task', () => {
  it('answers the envelope and looks at once for work', async () => {
    const answer = await post(CREATE);

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ success: true, data: { task_id: 'majors', status: 'running' } });
    expect(d.nudges()).toBe(1);
  });

  it.each(['', '{', '[]', 'null', '"x"', '\u0000'])(
    'answers %j with the envelope of a refusal',
    async (body) => {
      const answer = await post(body);

      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ success: false, code: 'VALIDATION' });
      expect(d.nudges()).toBe(0);
    },
  );

  it('takes X-Request-Id for the name of the request: a repeated delivery starts one run', async () => {
    await post(CREATE);
    const run = () =>
      post({ action: 'run_task', task_id: 'majors' }, { headers: { 'x-request-id': 'delivery-1' } });

    const [first, again] = [(await run()).json<Reply>(), (await run()).json<Reply>()];

    expect(first.data.run_id).toMatch(/\.m\d{13}$/);
    expect(again).toEqual(first);
  });
  interface Reply {
    readonly data: { readonly run_id: string };
  }
});

describe('GET /v1/tasks', () => {
  beforeEach(async () => {
    await post(CREATE);
    await post({ ...CREATE, task_id: 'minors', symbols: ['DOGEUSDT'], project_id: 'q' });
  });
  const ids = async (url: string) =>
    (await get(url))
      .json<{ tasks: { task_id: string }[] }>()
      .tasks.map((t) => t.task_id)
      .sort();

  it('lists, filters and searches', async () => {
    expect(await ids('/v1/tasks')).toEqual(['majors', 'minors']);
    expect(await ids('/v1/tasks?project_id=q')).toEqual(['minors']);
    expect(await ids('/v1/tasks?q=doge')).toEqual(['minors']);
    expect(await ids('/v1/tasks?q=usdt&project_id=p')).toEqual(['majors']);
  });

  it('goes on where the page before ended', async () => {
    const first = (await get('/v1/tasks?limit=1')).json<{ next_cursor: string; total: number }>();

    expect(first.total).toBe(2);
    const [a, b] = [
      await ids('/v1/tasks?limit=1'),
      await ids(`/v1/tasks?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`),
    ];
    expect([...a, ...b].sort()).toEqual(['majors', 'minors']);
  });

  it.each(['limit=0', 'limit=x', 'limit=1001', 'colour=blue', 'status=asleep', 'q=', 'limit=1&limit=2'])(
    'refuses ?%s',
    async (query) => {
      const answer = await get(`/v1/tasks?${query}`);

      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({ success: false, code: 'VALIDATION' });
    },
  );

  it('answers the data of one task, and its runs', async () => {
    expect((await get('/v1/tasks/majors')).json()).toMatchObject({
      task_id: 'majors',
      progress: [{ symbol: 'BTCUSDT' }],
    });
    expect((await get('/v1/tasks/majors/runs?limit=5')).json()).toEqual({ runs: [] });
  });

  it('answers 404 with the envelope for a task that is not there', async () => {
    for (const url of ['/v1/tasks/none', '/v1/tasks/none/runs']) {
      const answer = await get(url);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'TASK_NOT_FOUND']);
    }
  });
});

describe('GET /v1/series', () => {
  it('lists what is kept, page by page', async () => {
    await keep(0);
    await keep(0, { realm: 'live' });

    const first = (await get('/v1/series?limit=1')).json<{ next_cursor: string; series: unknown[] }>();
    const rest = (await get(`/v1/series?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`)).json();

    expect(first.series).toEqual([
      {
        realm: 'live',
        source: 'binance',
        symbol: 'BTC/USDT',
        instrument: 'binance:BTC/USDT',
        data_type: 'kline',
        frequency: '1m',
        market_id: 'BTCUSDT',
        volume_unit: 'base',
      },
    ]);
    expect(rest).toMatchObject({ series: [{ realm: 'sandbox:1' }] });
    expect(rest).not.toHaveProperty('next_cursor');
  });

  it('refuses a cursor it never gave', async () => {
    const answer = await get('/v1/series?cursor=nonsense');

    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ success: false, code: 'REQUEST_INVALID' });
  });
});

describe("GET a series' records", () => {
  it('answers a page, decimals as text, and the cursor to go on', async () => {
    const rows = await keep(3);

    const first = (await get(`${BTC}?limit=2`)).json<{ next_cursor: string; rows: unknown[] }>();
    const rest = (await get(`${BTC}?limit=2&cursor=${first.next_cursor}`)).json<{ rows: unknown[] }>();

    expect([...first.rows, ...rest.rows]).toEqual(rows.map((r) => [r.ts, ...r.values]));
    expect(rest).toMatchObject({ series: { realm: 'sandbox:1', symbol: 'BTCUSDT' }, provisional: 0 });
    expect(rest).not.toHaveProperty('next_cursor');
  });

  it.each([
    '/v1/series/binance/BTC%2FUSDT/kline/1m',
    '/v1/series/binance/-/kline/1m?symbol=BTC/USDT',
    '/v1/series/binance/btc-usdt/kline/1m',
  ])('finds the symbol in %s', async (url) => {
    await keep(1);

    expect((await get(url)).json<{ rows: unknown[] }>().rows).toHaveLength(1);
    const csv = await get(`${url}${url.includes('?') ? '&' : '?'}format=csv`);
    expect(times(csv.body)).toEqual([T0]);
  });

  it('streams CSV and NDJSON of the whole span, with a name and the realm', async () => {
    const rows = await keep(2_500);

    const csv = await get(`${BTC}?format=csv`);
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="binance-BTCUSDT-kline-1m.csv"',
      'x-kairos-realm': 'sandbox:1',
    });
    expect(csv.body.slice(0, 36)).toBe('timestamp_ms,open,high,low,close,vol');
    expect(times(csv.body)).toEqual(rows.map((r) => r.ts));

    const lines = (await get(`${BTC}?format=ndjson`)).body.trim().split('\n');
    expect(lines.map((l) => (JSON.parse(l) as { timestamp_ms: number }).timestamp_ms)).toEqual(
      rows.map((r) => r.ts),
    );
  });

  it('puts nothing into the file name that a header or a disk would mind', async () => {
    await keep(1, { marketId: '../a"b\r\nX: y', aliases: [] });

    const { headers } = await get(`${BTC}?format=csv`);

    expect(headers['content-disposition']).toBe('attachment; filename="binance-.._a_b__X__y-kline-1m.csv"');
  });

  it.each(['json', 'csv', 'ndjson'])(
    'reads times as ISO-8601 or milliseconds alike, without a zone as UTC (%s)',
    async (format) => {
      await keep(5);
      const zone = process.env['TZ'];
      process.env['TZ'] = 'Asia/Shanghai';
      try {
        const spans = [
          [`${T0 + MINUTE}`, `${T0 + 3 * MINUTE}`],
          ['2024-01-01T00:01:00Z', '2024-01-01T00:03:00Z'],
          ['2024-01-01T00:01:00', '2024-01-01T00:03'],
          ['2024-01-01 00:01:00', '2024-01-01 00:03:00.000'],
          ['2024-01-01T08:01:00%2B08:00', '2023-12-31T19:03:00-0500'],
        ];
        for (const [from, to] of spans) {
          const answer = await get(`${BTC}?format=${format}&from=${from}&to=${to}`);
          expect(answer.statusCode, `${from} ${answer.body}`).toBe(200);
          const got =
            format === 'json'
              ? answer.json<{ rows: number[][] }>().rows.map((r) => r[0])
              : [...answer.body.matchAll(/^(?:\{"timestamp_ms":)?(\d{13})/gm)].map((m) => Number(m[1]));
          expect(got, `${from}`).toEqual([T0 + MINUTE, T0 + 2 * MINUTE]);
        }
        expect((await get(`${BTC}?format=${format}&from=2024-01-02`)).statusCode).toBe(200);
      } finally {
        if (zone === undefined) delete process.env['TZ'];
        else process.env['TZ'] = zone;
      }
    },
  );

  it.each(['csv', 'ndjson'])('holds to the limit (%s)', async (format) => {
    await keep(5);

    expect((await get(`${BTC}?format=${format}&limit=2`)).body.trim().split('\n')).toHaveLength(
      format === 'csv' ? 3 : 2,
    );
  });

  it.each([
    ['format=xml', 'FORMAT_UNKNOWN'],
    ['format=csv&format=json', 'FORMAT_UNKNOWN'],
    ['format=csv&limit=0', 'LIMIT_INVALID'],
    ['format=csv&limit=-1', 'LIMIT_INVALID'],
    ['format=ndjson&limit=1e3', 'LIMIT_INVALID'],
    ['limit=0', 'VALIDATION'],
    ['limit=10001', 'VALIDATION'],
    ['from=yesterday', 'VALIDATION'],
    ['format=csv&from=yesterday', 'VALIDATION'],
    ['format=csv&from=1700000000', 'VALIDATION'],
    ['from=2024-01-02&to=2024-01-01', 'VALIDATION'],
    ['format=csv&from=2024-01-02&to=2024-01-01', 'VALIDATION'],
    ['cursor=nonsense', 'VALIDATION'],
    ['realm=%3Cscript%3E', 'VALIDATION'],
  ])('refuses ?%s', async (query, code) => {
    await keep(1);

    const answer = await get(`${BTC}?${query}`);

    expect(answer.json()).toMatchObject({ success: false, code });
    expect(answer.statusCode).toBe(400);
  });

  it.each(['json', 'csv', 'ndjson'])('never answers rows of another realm (%s)', async (format) => {
    await keep(2, { realm: 'live' }, 5);

    const none = await get(`${BTC}?format=${format}`);
    expect([none.statusCode, none.json<{ code: string }>().code]).toEqual([404, 'SERIES_NOT_FOUND']);

    await keep(1);
    const [own, other] = [
      await get(`${BTC}?format=${format}`),
      await get(`${BTC}?format=${format}&realm=live`),
    ];
    expect(other.body).not.toBe(own.body);
    expect([own.body.match(/1704067260000/), other.body.match(/1704067260000/)?.[0]]).toEqual([
      null,
      '1704067260000',
    ]);
  });

  it.each([
    ['', 2, 2],
    ['&include_provisional=true', 3, 3],
    ['&include_provisional=false', 2, 2],
  ])('shows provisional rows only on demand (%j)', async (query, inJson, inCsv) => {
    await keep(2);
    const part: Part = aPart(
      aSeries(),
      [klineRow(T0 + 2 * MINUTE)],
      [{ from: T0 + 2 * MINUTE, to: T0 + 3 * MINUTE, state: 'provisional', at: T0 }],
    );
    await d.store.commit({ series: aSeries(), part });

    expect((await get(`${BTC}?format=json${query}`)).json<{ rows: unknown[] }>().rows).toHaveLength(inJson);
    expect(times((await get(`${BTC}?format=csv${query}`)).body)).toHaveLength(inCsv);
  });

  it('breaks the connection when the store fails half-way: a cut export cannot be taken for a whole one', async () => {
    await d.app.close();
    d = door(
      {},
      (store) =>
        new Proxy(store, { get: (target, name) => (name === 'read' ? failing : bound(target, name)) }),
    );
    await keep(1);
    async function* failing(): AsyncGenerator<Part> {
      const rows = Array.from({ length: 3_000 }, (_, i) => klineRow(T0 + i * MINUTE));
      yield aPart(aSeries(), rows);
      throw new StoreError('STORE_IO', 'the disk failed');
    }
    const url = await d.app.listen({ host: '127.0.0.1', port: 0 });

    const download = fetch(`${url}${BTC}?format=csv`).then((r) => r.text());

    await expect(download).rejects.toThrow();
  });
});

describe('GET derived records', () => {
  const FIVE = '/v1/series/binance/BTCUSDT/kline/5m';

  it('answers candles of a frequency that is not stored, and says what they are made of', async () => {
    await keep(12);

    for (const derive of ['true', '1m']) {
      const answer = await get(`${FIVE}?derive=${derive}`);
      expect(answer.json()).toMatchObject({ series: { frequency: '5m' }, derived_from: '1m', incomplete: 0 });
      expect(answer.json<{ rows: number[][] }>().rows.map((r) => r[0])).toEqual([T0, T0 + 5 * MINUTE]);
    }
    const report = await get(`/v1/coverage/binance/BTCUSDT/kline/5m?derive=true&to=${T0 + 10 * MINUTE}`);
    expect(report.json()).toMatchObject({ derived_from: '1m', expected: 2, present: 2, incomplete: 0 });
  });

  it('tells whoever asks without that they can be had', async () => {
    await keep(12);

    for (const query of ['', '?derive=false', '?format=csv', '?format=parquet']) {
      const answer = await get(`${FIVE}${query}`);
      expect(answer.statusCode).toBe(404);
      expect(answer.json<{ error: string }>().error).toContain('derived from 1m');
    }
    expect((await get(`${FIVE}?derive=maybe`)).statusCode).toBe(400);
    expect((await get(`${FIVE}?derive=maybe&format=csv`)).json()).toMatchObject({ code: 'VALIDATION' });
  });

  it('marks exported files', async () => {
    await keep(12);

    const csv = await get(`${FIVE}?derive=true&format=csv`);
    expect(csv.headers).toMatchObject({
      'x-kairos-derived-from': '1m',
      'content-disposition': 'attachment; filename="binance-BTCUSDT-kline-5m-from-1m.csv"',
    });
    expect(times(csv.body)).toEqual([T0, T0 + 5 * MINUTE]);
    expect((await get(`${BTC}?format=csv`)).headers).not.toHaveProperty('x-kairos-derived-from');
  });
});

describe('GET Parquet', () => {
  it('streams a whole file with its type and name', async () => {
    await keep(2_500);

    const answer = await get(`${BTC}?format=parquet`);

    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.apache.parquet',
      'content-disposition': 'attachment; filename="binance-BTCUSDT-kline-1m.parquet"',
      'x-kairos-realm': 'sandbox:1',
    });
    const file = answer.rawPayload;
    expect([file.subarray(0, 4).toString(), file.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1']);
    expect(file.includes('kairos.realm')).toBe(true);
  });

  it('breaks the connection when the store fails half-way', async () => {
    await d.app.close();
    d = door(
      {},
      (store) =>
        new Proxy(store, { get: (target, name) => (name === 'read' ? failing : bound(target, name)) }),
    );
    await keep(1);
    let reads = 0;
    async function* failing(): AsyncGenerator<Part> {
      // The question at the door and the measuring go well; the writing fails after a row group.
      const rows = Array.from({ length: 110_000 }, (_, i) => klineRow(T0 + i * MINUTE));
      yield aPart(aSeries(), rows);
      if ((reads += 1) === 2) throw new StoreError('STORE_IO', 'the disk failed');
    }
    const url = await d.app.listen({ host: '127.0.0.1', port: 0 });

    await expect(fetch(`${url}${BTC}?format=parquet`).then((r) => r.arrayBuffer())).rejects.toThrow();
    expect(reads).toBe(2);
  });
});

const bound = (target: object, name: string | symbol): unknown => {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
};

describe('GET coverage', () => {
  it('tells the state of every record of the span', async () => {
    await keep(3);

    const answer = await get(`/v1/coverage/binance/BTCUSDT/kline/1m?from=${T0}&to=2024-01-01T00:05:00Z`);

    expect(answer.json()).toMatchObject({
      series: { realm: 'sandbox:1' },
      expected: 5,
      present: 3,
      missing: 2,
      ranges: [
        { from: '2024-01-01T00:00:00Z', to: '2024-01-01T00:03:00Z', state: 'present' },
        { from: '2024-01-01T00:03:00Z', to: '2024-01-01T00:05:00Z', state: 'missing' },
      ],
    });
  });

  it('answers 404 for a series that is not there', async () => {
    expect((await get('/v1/coverage/binance/BTCUSDT/kline/1m')).statusCode).toBe(404);
  });
});

describe('GET findings', () => {
  const FINDINGS = '/v1/findings/binance/BTCUSDT/kline/1m';

  it('lists and counts what was found odd, page by page', async () => {
    await keep(3);
    const series = aSeries();
    const findings = [0, 1, 2].map((i) => aFinding({ ts: T0 + i * MINUTE, at: T0 + i }));
    const skew = aFinding({ code: 'clock_skew', at: T0 + 9 });
    await d.store.commit({ series, part: emptyPartOf(series), findings: [...findings, skew] });

    const page = (await get(`${FINDINGS}?code=off_grid&limit=2&from=${T0}`)).json();
    expect(page).toMatchObject({
      series: { realm: 'sandbox:1', symbol: 'BTCUSDT' },
      findings: [{ code: 'off_grid', ts: '2024-01-01T00:02:00Z' }, { ts: '2024-01-01T00:01:00Z' }],
      counts: { off_grid: 3, clock_skew: 1 },
      total: 3,
    });
    const rest = await get(`${FINDINGS}?code=off_grid&cursor=${encodeURIComponent(page.next_cursor)}`);
    expect(rest.json().findings).toMatchObject([{ ts: '2024-01-01T00:00:00Z' }]);
    expect(rest.json()).not.toHaveProperty('next_cursor');
    expect((await get(`/v1/coverage/binance/BTCUSDT/kline/1m?from=${T0 + 1}`)).json().findings).toEqual({
      total: 2,
      by_code: { off_grid: 2 },
    });
  });

  it.each([
    ['?cursor=nonsense', 400],
    ['?limit=0', 400],
    ['?code=Nonsense!', 400],
    ['?realm=live', 404],
  ])('%s is refused with %i', async (query, status) => {
    await keep(1);
    const answer = await get(FINDINGS + query);
    expect([answer.statusCode, answer.json().success]).toEqual([status, false]);
  });
});

describe('GET /health', () => {
  it('tells version, pid and a real write to the store', async () => {
    const answer = await get('/health');

    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      status: 'ok',
      version: '1.2.3',
      pid: 42,
      started_at: '2024-01-01T00:10:00.000Z',
      store: { status: 'ok', checked_at: '2024-01-01T00:10:00.000Z' },
    });
  });

  it('is 503 when the store does not take the write', async () => {
    await d.tasks.close();

    const answer = await get('/health');

    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      status: 'failing',
      store: { error: expect.stringContaining('STORE_CLOSED') },
    });
  });
});

describe('a failing store', () => {
  it('is 503 with its code, and a line in the log', async () => {
    await d.store.close();

    const answer = await get('/v1/series');

    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([503, 'STORE_CLOSED']);
    expect(d.log.events()).toContain('http.failed');
  });
});
