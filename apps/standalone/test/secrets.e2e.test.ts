import { readdirSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildServer, scratch, ServerProcess } from './harness.ts';

/** Characters that URLs, JSON and base64 each write in a way of their own. */
const SECRETS = {
  token: 'tokenCanary+/="&%11',
  apiKey: 'keyCanary+/="& %22',
  secret: 'secretCanary\\/+=?#33',
  password: 'passCanary<>+é/44',
  proxy: 'proxyCanary+/=@:55',
} as const;
const ALL = Object.values(SECRETS);

const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** The base64 of a text, wherever in a longer text it stands: without what its neighbours decide. */
const pieces = (secret: string): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    const [from, to] = [Math.ceil((shift * 8) / 6), Math.floor((whole.length * 8) / 6)];
    return [whole.toString('base64').slice(from, to), whole.toString('base64url').slice(from, to)];
  });

/** Every way a secret is searched for; the same ways a spiteful venue tells it. */
const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  lower(encodeURIComponent(secret)),
  new URLSearchParams({ s: secret }).toString().slice(2),
  ...pieces(secret),
];

/** The lines that hold a secret, however it is written. */
const found = (text: string): string[] => {
  const all = ALL.flatMap(spellings);
  return text.split('\n').filter((line) => all.some((s) => line.includes(s)));
};

const TOLD = [SECRETS.apiKey, SECRETS.secret, SECRETS.password];
const gossip = [
  ...TOLD.flatMap(spellings),
  ...TOLD.map((s) => Buffer.from(`user:${s}:more`).toString('base64')),
];
/** Some at a time: what is cut off for length is not proof that it was hidden. */
const rumours = Array.from({ length: Math.ceil(gossip.length / 2) }, (_, i) =>
  gossip.slice(i * 2, i * 2 + 2).join(' '),
);

type Answer = (response: ServerResponse, n: number) => void;
const rumour = (n: number): string => rumours[n % rumours.length] ?? '';
const header = (text: string): string => text.replace(/[^\x20-\x7e]/g, '');
const jsonWith =
  (status: number, code = -1000): Answer =>
  (response, n) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' })
      .end(JSON.stringify({ code, msg: rumour(n) }));

/** How a venue can fail while telling what it was told. */
const FAILURES: Readonly<Record<string, Answer>> = {
  'bad-request': jsonWith(400),
  'unknown-symbol': jsonWith(400, -1121),
  'bad-key': jsonWith(401, -2015),
  forbidden: jsonWith(403),
  'too-many': jsonWith(429, -1003),
  'server-error': jsonWith(503),
  'fine-but-error': jsonWith(200),
  page: (response, n) =>
    void response.writeHead(200, { 'content-type': 'text/html' }).end(`<html>${rumour(n)}</html>`),
  text: (response, n) => void response.writeHead(200).end(rumour(n)),
  cut: (response, n) => void response.writeHead(200).end(`[["${rumour(n)}"`),
  redirect: (response, n) =>
    void response.writeHead(302, { location: `https://x.example/?k=${encodeURIComponent(rumour(n))}` }).end(),
  'other-world': (response, n) =>
    void response.writeHead(200, { 'x-kairos-realm': header(rumour(n)) }).end('[]'),
  'odd-packing': (response, n) =>
    void response.writeHead(200, { 'content-encoding': header(rumour(n)) }).end('x'),
  'no-http': (response, n) =>
    void response.socket?.end(`HTTP/1.1 200 ${header(rumour(n))}\r\n${header(rumour(n))}\r\n\r\n`),
};

const INFO = JSON.stringify({
  symbols: [
    {
      symbol: 'BTCUSDT',
      baseAsset: 'BTC',
      quoteAsset: 'USDT',
      status: 'TRADING',
      filters: [],
      permissionSets: [['SPOT']],
    },
  ],
});

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listen = (server: Server): Promise<void> =>
  new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));

describe('secrets', () => {
  const place = scratch();
  const servers: Server[] = [];
  const received: string[] = [];
  const replies: string[] = [];
  let kairos: ServerProcess;
  let proxied = 0;
  const tasks: string[] = [];

  /** A venue that fails so: at its list of markets, or only at candles. */
  async function venue(answer: Answer, knowsMarkets: boolean): Promise<string> {
    let n = 0;
    const server = createHttpServer((request: IncomingMessage, response) => {
      received.push(`${request.url} ${JSON.stringify(request.headers)}`);
      if (knowsMarkets && String(request.url).includes('exchangeInfo'))
        response.setHeader('content-type', 'application/json').end(INFO);
      else answer(response, n++);
    });
    servers.push(server);
    await listen(server);
    return `http://127.0.0.1:${portOf(server)}`;
  }

  /** A proxy that refuses, repeating the credentials it got wherever it can. */
  async function badProxy(): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (data) => {
        proxied += 1;
        const told = /proxy-authorization: (.*)/i.exec(data.toString())?.[1]?.trim() ?? '';
        socket.end(`HTTP/1.1 407 ${told}\r\nX-Told: ${told}\r\nContent-Length: 0\r\n\r\n`);
      });
    });
    servers.push(server);
    await listen(server);
    return portOf(server);
  }

  const credentials =
    'credentials: { api_key_env: C_KEY, secret_env: C_SECRET, password_env: C_PASS }, timeout_ms: 2000';
  const env = (proxyPort: number) => ({
    KAIROS_HTTP__TOKEN: SECRETS.token,
    C_KEY: SECRETS.apiKey,
    C_SECRET: SECRETS.secret,
    C_PASS: SECRETS.password,
    HTTPS_PROXY: `http://agent:${encodeURIComponent(SECRETS.proxy)}@127.0.0.1:${proxyPort}`,
    NO_PROXY: '',
    https_proxy: '',
    no_proxy: '',
  });

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${SECRETS.token}`, ...(init.headers as object) };
    const answer = await fetch(kairos.url + path, { ...init, headers });
    const text = await answer.clone().text();
    replies.push(`${path.includes('Canary') ? '' : path} ${JSON.stringify([...answer.headers])} ${text}`);
    return answer;
  }

  const send = (body: unknown, more: Readonly<Record<string, string>> = {}): Promise<Response> =>
    ask('/task', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...more },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  const create = (task_id: string, source: string) => ({
    action: 'create_task',
    task_id,
    project_id: 'p',
    dataset: 'd',
    data_type: 'kline',
    source,
    symbols: ['BTCUSDT'],
    frequency: '1h',
    config: { history_days: 2, retries: 1 },
  });

  beforeAll(async () => {
    buildServer();
    const proxyPort = await badProxy();
    const sources: string[] = [];
    for (const [name, answer] of Object.entries(FAILURES)) {
      for (const [stage, knowsMarkets] of [
        ['m', false],
        ['k', true],
      ] as const) {
        const id = `${stage}-${name}`;
        tasks.push(id);
        const url = await venue(answer, knowsMarkets);
        sources.push(
          `${id}: { exchange: binance, base_url: "${url}", realm: "custom:x", send_credentials: true, ${credentials} }`,
        );
      }
    }
    const untold = await venue(jsonWith(400), true);
    sources.push(
      `untold: { exchange: binance, base_url: "${untold}", ${credentials} }`,
      `nowhere: { exchange: binance, base_url: "https://127.0.0.1:1", send_credentials: true, ${credentials} }`,
      `binance: { ${credentials} }`,
      `okx: { ${credentials} }`,
    );
    tasks.push('untold', 'nowhere', 'binance', 'okx');
    const yaml = [
      `task_store: { type: sqlite, path: ${place.dir}/store/kairos.sqlite }`,
      'http: { port: 0 }',
      'tick_ms: 50',
      'concurrency: 16',
      'log: { level: debug, format: json }',
      'sources:',
      ...sources.map((line) => `  ${line}`),
    ].join('\n');
    kairos = await ServerProcess.start(place.dir, yaml, env(proxyPort));
  }, 120_000);

  afterAll(async () => {
    await kairos?.stop();
    for (const server of servers) server.close();
    place.remove();
  });

  /** Until a run of the task has been tried: its log line tells how it went. */
  async function untilTried(task: string): Promise<void> {
    const tried = (line: string): boolean =>
      line.includes(`"task_id":"${task}"`) && line.includes('"run.ended"');
    while (!kairos.lines.some(tried)) await new Promise((resume) => setTimeout(resume, 50));
  }

  it('are told by venues and proxies in every way they can be, and never repeated', async () => {
    for (const task of tasks)
      expect(await (await send(create(task, task))).json(), task).toMatchObject({ success: true });
    for (const task of tasks) await untilTried(task);

    for (const task of tasks) {
      await ask(`/v1/tasks/${task}`);
      await ask(`/v1/tasks/${task}/runs`);
      for (const format of ['json', 'csv', 'ndjson'])
        await ask(`/v1/series/${task}/BTCUSDT/kline/1h?format=${format}`);
      await ask(`/v1/coverage/${task}/BTCUSDT/kline/1h`);
    }
    await ask('/v1/tasks');
    await ask('/v1/series');
    await ask('/health');

    expect(proxied).toBeGreaterThan(0);
    expect(found(replies.join('\n'))).toEqual([]);
    expect(found(kairos.lines.join('\n'))).toEqual([]);
    expect(replies.join('\n')).toContain('***');
  }, 120_000);

  it('do not come back in the refusal of what held them', async () => {
    const { token, apiKey } = SECRETS;
    for (const secret of [token, apiKey]) {
      await send({ action: secret });
      await send({ action: 'get_task_status', task_id: secret });
      await send({ action: 'list_tasks', [secret]: 1 });
      await send({ action: 'list_tasks', status: secret, cursor: secret });
      await send({ ...create('x', secret), symbols: [secret], data_type: secret, frequency: secret });
      await send({ ...create('x', 'binance'), schedule: secret });
      await send(`{"action": ${secret}`);
      await send(secret, { 'x-request-id': header(secret) });
      for (const path of [
        `/v1/tasks/${encodeURIComponent(secret)}`,
        `/v1/tasks?token=${encodeURIComponent(secret)}`,
        `/v1/tasks?${encodeURIComponent(secret)}=1`,
        `/v1/series?cursor=${encodeURIComponent(secret)}`,
        `/v1/series/${encodeURIComponent(secret)}/BTCUSDT/kline/1h`,
        `/${encodeURIComponent(secret)}`,
        `/v1/tasks/%zz${encodeURIComponent(secret)}`,
      ])
        await ask(path);
    }
    const wrong = await ask('/v1/tasks', { headers: { authorization: `Basic ${btoa(`x:${token}`)}` } });

    expect(wrong.status).toBe(401);
    expect(found(replies.join('\n'))).toEqual([]);
    expect(found(kairos.lines.join('\n'))).toEqual([]);
  });

  it('open the door only as a header: no address and no cookie does', async () => {
    const { token } = SECRETS;
    const path = `/v1/tasks?token=${encodeURIComponent(token)}&access_token=${encodeURIComponent(token)}`;
    const answer = await fetch(kairos.url + path, {
      headers: { cookie: `token=${encodeURIComponent(token)}`, 'x-api-key': token },
    });

    expect(answer.status).toBe(401);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('are not sent to an address that stands in for a venue, unless told so', () => {
    expect(received.length).toBeGreaterThan(tasks.length);
    const port = portOf(servers.at(-1) as Server);
    const atUntold = received.filter((line) => line.includes(`127.0.0.1:${port}`));
    expect(atUntold.length).toBeGreaterThan(0);
    expect(found(atUntold.join('\n'))).toEqual([]);
  });

  it('are in no file of the store, while it runs and after', async () => {
    const files = (): string =>
      readdirSync(join(place.dir, 'store'))
        .map((name) => readFileSync(join(place.dir, 'store', name)).toString('utf8'))
        .join('\n');
    const running = files();
    await kairos.stop();

    expect(running).toContain('***');
    expect(found(running)).toHaveLength(0);
    expect(found(files())).toHaveLength(0);
    expect(found(kairos.lines.join('\n'))).toEqual([]);
  });

  it.each([
    ['a token that is too short', `http: { token: 'tokenCanary+/' }`, {}],
    ['a key where its name belongs', `sources: { okx: { credentials: { api_key_env: '$KEY' } } }`, {}],
    ['a password in an address', `sources: { okx: { base_url: 'https://me:$KEY@a.example' } }`, {}],
    ['a password in a proxy', `sources: { okx: { proxy: 'http://me:$KEY@a.example' } }`, {}],
    ['broken YAML', `sources: { okx: '$KEY', "$KEY\n  - [}`, {}],
    ['a proxy that cannot be read', '', { HTTPS_PROXY: `http://me:%zz${SECRETS.proxy}@127.0.0.1:1` }],
    ['a proxy with a path', '', { HTTPS_PROXY: `http://me:x@127.0.0.1:1/${SECRETS.proxy}` }],
    ['a variable that is no setting', '', { KAIROS_HTTP__TOKN: SECRETS.token }],
  ])('do not show where the server refuses to start: %s', async (_, yaml, more) => {
    const apart = scratch();
    const text = yaml.replaceAll('$KEY', 'keyCanary+/="& 22');
    const start = ServerProcess.start(
      apart.dir,
      `task_store: { type: memory }\n${text.includes('http:') ? '' : 'http: { port: 0 }\n'}${text}`,
      { ...env(1), ...(text.includes('token') ? { KAIROS_HTTP__TOKEN: '' } : {}), ...more },
    );

    const said = await start.then(
      async (server) => {
        await server.kill();
        return 'it started';
      },
      (error: unknown) => String(error),
    );
    apart.remove();
    expect(said).toMatch(/CONFIG/);
    expect(found(said)).toEqual([]);
    expect(said).not.toMatch(/Canary/);
  });
});
