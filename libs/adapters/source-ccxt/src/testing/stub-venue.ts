import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Never answers. */
  readonly hang?: boolean;
  /** Cuts the connection after the body, which is announced as longer. */
  readonly cut?: boolean;
}

export type StubRoute = (url: URL, request: IncomingMessage) => StubAnswer;

/** A venue of one function, on loopback. */
export interface StubVenue {
  readonly url: string;
  /** Paths with queries, in order of arrival. */
  readonly asked: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
  answer: StubRoute;
  close(): Promise<void>;
}

export async function startStubVenue(answer: StubRoute): Promise<StubVenue> {
  const asked: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    headers.push(request.headers);
    reply(response, venue.answer(new URL(request.url ?? '/', 'http://venue'), request));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const venue: StubVenue = {
    url: `http://127.0.0.1:${port}`,
    asked,
    headers,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return venue;
}

function reply(
  response: ServerResponse,
  { status = 200, headers = {}, body = '', hang, cut }: StubAnswer,
): void {
  if (hang === true) return;
  const type = { 'content-type': 'application/json', ...headers };
  if (cut === true) {
    response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(body) + 100 });
    response.write(body, () => response.destroy());
    return;
  }
  response.writeHead(status, type).end(body);
}

export const json = (value: unknown): StubAnswer => ({ body: JSON.stringify(value) });
