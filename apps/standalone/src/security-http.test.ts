import { once } from 'node:events';
import { connect } from 'node:net';
import type { SeriesQueries } from '@kairos/ports';
import { RecordingLogger } from '@kairos/testkit';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Health } from './health.ts';
import { createHttpServer } from './http-server.ts';

const HOST = 'Host: 127.0.0.1\r\n';
const POST = `POST /task HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const QUESTIONS = [
  'list_tasks',
  'search_tasks',
  'list_runs',
  'get_task_status',
  'get_coverage',
  'query_data',
];

let app: FastifyInstance;
let port = 0;
/** What reached the signals. */
let asked: Record<string, unknown>[] = [];
let pings = 0;
let now = 0;

beforeAll(async () => {
  const answer = (input: unknown) => {
    asked.push(input as Record<string, unknown>);
    return Promise.resolve({ status: 200, body: { success: true, data: {} } } as const);
  };
  const store = { ping: () => Promise.resolve(void (pings += 1)) };
  const health = new Health(
    store as unknown as ConstructorParameters<typeof Health>[0],
    { now: () => now, sleep: () => Promise.resolve() },
    { version: '1', pid: 1 },
  );
  app = createHttpServer({
    signals: { handle: answer, handleText: (text) => answer({ text: String(text) }) },
    series: {} as SeriesQueries,
    health,
    log: new RecordingLogger(),
    locale: 'en',
    host: '127.0.0.1',
    token: undefined,
    nudge: () => undefined,
  });
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterAll(() => app.close());
beforeEach(() => {
  asked = [];
});

/** Everything the server answers to these bytes until it closes the connection. */
async function untilClosed(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => (text += data.toString()));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const statuses = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => m[1] ?? '');

describe('a request that is none', () => {
  it.each([
    ['no HTTP', '\x16\x03\x01\x02\x00\x01', '400'],
    ['a method nobody knows', `FOO /task HTTP/1.1\r\n${HOST}\r\n`, '400'],
    ['two different lengths', `${POST}Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}xx`, '400'],
    ['a length that is negative', `${POST}Content-Length: -1\r\n\r\n`, '400'],
    [
      'a length beside chunks',
      `${POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      '400',
    ],
    ['a coding that is not chunked', `${POST}Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, '400'],
    ['chunked that is not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, '400'],
    ['a chunk of negative size', `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n`, '400'],
    ['bare line feeds', 'GET /health HTTP/1.1\nHost: 127.0.0.1\n\n', '400'],
    ['a space before the colon', 'GET /health HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n', '400'],
    ['headers of 70 KB', `GET /health HTTP/1.1\r\n${HOST}X: ${'a'.repeat(70_000)}\r\n\r\n`, '431'],
    [
      'three thousand headers',
      `GET /health HTTP/1.1\r\n${HOST}${'a-name: a-value\r\n'.repeat(3_000)}\r\n`,
      '431',
    ],
    ['an address of 70 KB', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\n${HOST}\r\n`, '431'],
  ])('is refused with the envelope and cut off: %s', async (_, bytes, status) => {
    const text = await untilClosed(`${bytes}GET /v1/tasks HTTP/1.1\r\n${HOST}\r\n`);

    expect(statuses(text)).toEqual([status]);
    expect(text.toLowerCase()).toContain('x-content-type-options: nosniff');
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      success: false,
      code: 'REQUEST_INVALID',
    });
    expect(asked).toEqual([]);
  });

  it('without a host is not served, in HTTP/1.0 either', async () => {
    expect(statuses(await untilClosed('GET /v1/tasks HTTP/1.1\r\n\r\n'))).toEqual(['400']);
    expect(statuses(await untilClosed('GET /v1/tasks HTTP/1.0\r\n\r\n'))).toEqual(['421']);
    expect(asked).toEqual([]);
  });

  it.each(['OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'GET'])(
    'is %s /task: nothing but POST is a signal',
    async (method) => {
      const text = await untilClosed(`${method} /task HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);

      expect(statuses(text)).toEqual(['404']);
      expect(text.toLowerCase()).not.toContain('access-control-');
      expect(asked).toEqual([]);
    },
  );
});

describe('requests in one go', () => {
  it('are answered one by one, in order', async () => {
    const one = (limit: number, more = ''): string =>
      `GET /v1/tasks?limit=${limit} HTTP/1.1\r\n${HOST}${more}\r\n`;

    const text = await untilClosed(one(1) + one(2) + one(3, 'Connection: close\r\n'));

    expect(statuses(text)).toEqual(['200', '200', '200']);
    expect(asked.map((a) => a['limit'])).toEqual([1, 2, 3]);
  });
});

describe('a body that is not wanted', () => {
  it.each([
    ['too long, as it says', `${POST}Content-Length: 99999999\r\n\r\n{`, '413'],
    [
      'too long, as it turns out',
      `${POST}Transfer-Encoding: chunked\r\n\r\n200000\r\n${' '.repeat(0x20_0000)}\r\n`,
      '413',
    ],
    [
      'for another host',
      'POST /task HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 99999999\r\n\r\n{',
      '421',
    ],
    ['for no path', `POST /nowhere HTTP/1.1\r\n${HOST}Content-Length: 99999999\r\n\r\n{`, '415'],
    ['in pieces, compressed', `${POST}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n`, '415'],
  ])('is not waited for: %s', async (_, bytes, status) => {
    expect(statuses(await untilClosed(bytes))).toEqual([status]);
    expect(asked).toEqual([]);
  });
});

describe('connections', () => {
  it('have an end: for a head, for a request, when idle; and a number', () => {
    const { server } = app;

    expect([server.headersTimeout, server.requestTimeout, server.timeout]).toEqual([15_000, 30_000, 120_000]);
    expect(server.maxConnections).toBe(1_000);
  });
});

describe('a GET', () => {
  const get = (url: string) => app.inject({ method: 'GET', url, headers: { host: 'localhost' } });

  it.each([
    '/v1/tasks?action=delete_task&task_id=victim',
    '/v1/tasks?q=x&action=delete_task&task_id=victim',
    '/v1/tasks?action=stop_task&action=stop_task&task_id=victim',
    '/v1/tasks/victim/runs?action=run_task',
    '/v1/tasks/victim?action=run_task',
    '/v1/coverage/binance/BTCUSDT/kline/1m?action=refetch',
    '/v1/series/binance/BTCUSDT/kline/1m?action=refetch',
    '/v1/series/binance/BTCUSDT/kline/1m?format=csv&action=refetch',
  ])('never becomes a command: %s', async (url) => {
    await get(url);

    expect(asked.length).toBeLessThan(2);
    for (const { action } of asked) expect(QUESTIONS).toContain(action);
  });

  it('never becomes a command, nor one about another task, whatever its query', async () => {
    const name = fc.oneof(
      fc.constantFrom('action', 'task_id', 'query', 'q', 'config', '__proto__', 'constructor', 'toString'),
      fc.string({ maxLength: 8 }),
    );
    const value = fc.oneof(
      fc.constantFrom('delete_task', 'stop_task', 'run_task', 'refetch', 'other'),
      fc.string({ maxLength: 8 }),
    );
    const path = fc.constantFrom('/v1/tasks', '/v1/tasks/mine/runs', '/v1/tasks/mine');
    await fc.assert(
      fc.asyncProperty(path, fc.array(fc.tuple(name, value), { maxLength: 6 }), async (at, pairs) => {
        asked = [];
        const answer = await get(`${at}?${new URLSearchParams(pairs).toString()}`);

        expect(answer.statusCode).toBe(200);
        expect(asked).toHaveLength(1);
        const [signal = {}] = asked;
        expect(QUESTIONS).toContain(signal['action']);
        if (at !== '/v1/tasks') expect(signal['task_id']).toBe('mine');
        expect(Object.getPrototypeOf(signal)).toBe(Object.prototype);
      }),
      { seed: 1, numRuns: 200 },
    );
    expect({}).not.toHaveProperty('polluted');
  });

  it.each([
    '/v1/../../../etc/passwd',
    '/v1/tasks/../../etc/passwd',
    '//health',
    '/health/',
    '/HEALTH',
    '/task%3f',
    '/v1/tasks;x=1',
    '/v1/series/a/b/c/d/../../../../../etc/passwd',
  ])('reaches nothing by the path %s', async (path) => {
    const text = await untilClosed(`GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);

    expect(statuses(text)).toEqual(['404']);
    expect(asked).toEqual([]);
  });

  it.each(['/', '/health', '/v1/tasks', '/nowhere', '/v1/tasks/%zz'])(
    'of %s is no page, is not sniffed, kept, or embedded elsewhere',
    async (url) => {
      const { headers } = await get(url);

      expect(headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(Object.keys(headers).filter((h) => /^access-control|^set-cookie/.test(h))).toEqual([]);
    },
  );

  it('of the health writes to the store once in ten seconds, however often it is asked', async () => {
    now = 1_000_000;
    pings = 0;
    await Promise.all(Array.from({ length: 50 }, () => get('/health')));
    now += 9_999;
    await get('/health');
    expect(pings).toBe(1);

    now += 1;
    await get('/health');
    expect(pings).toBe(2);
  });
});

describe('a refusal', () => {
  it('hides what must not be seen, in whatever it repeats', async () => {
    const hiding = createHttpServer({
      signals: {
        handle: (input) =>
          Promise.resolve({
            status: 400,
            body: { success: false, message: 'm', code: 'VALIDATION', error: JSON.stringify(input) },
          }),
        handleText: () => Promise.reject(new Error('unused')),
      },
      series: {} as SeriesQueries,
      health: {} as Health,
      log: new RecordingLogger(),
      locale: 'en',
      host: '127.0.0.1',
      token: undefined,
      hide: (text) => text.replaceAll('hush-hush', '[redacted]'),
      nudge: () => undefined,
    });
    for (const url of ['/v1/tasks?hush-hush=1', '/v1/tasks/hush-hush', '/v1/tasks/%zzhush-hush']) {
      const { body } = await hiding.inject({ method: 'GET', url, headers: { host: 'localhost' } });
      expect(body).toContain('[redacted]');
      expect(body).not.toContain('hush-hush');
    }
    await hiding.close();
  });
});
