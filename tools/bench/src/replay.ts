/**
 * Stands before a venue and answers from memory what it was asked before. `replay URL LATENCY_MS`; prints its own URL.
 * Only candles are kept: the time and the list of markets are asked for anew.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'undici';

interface Kept {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

const [venue = '', latency = '0'] = process.argv.slice(2);
const latencyMs = Number(latency);
const kept = new Map<string, Promise<Kept>>();

async function ask(path: string): Promise<Kept> {
  const { statusCode, headers, body } = await request(`${venue}${path}`, {
    headers: { 'accept-encoding': 'identity' },
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  const whole = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || /^(connection|keep-alive|transfer-encoding)$/i.test(name) ? [] : [[name, value]],
  );
  return { status: statusCode, headers: Object.fromEntries(whole) as Kept['headers'], body: bytes };
}

function answerTo(path: string): Promise<Kept> {
  if (!path.startsWith('/api/v3/klines')) return ask(path);
  const known = kept.get(path) ?? ask(path);
  kept.set(path, known);
  return known;
}

function send(response: ServerResponse, { status, headers, body }: Kept): void {
  response.sendDate = false;
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

async function serve({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrived = performance.now();
  const answer = await answerTo(url);
  const left = latencyMs - (performance.now() - arrived);
  if (latencyMs > 0) setTimeout(send, Math.max(0, left), response, answer);
  else send(response, answer);
}

const server = createServer((incoming, response) => {
  serve(incoming, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
