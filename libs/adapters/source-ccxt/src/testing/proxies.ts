import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A proxy that leads every tunnel to one port of this machine, whatever host was asked for. */
export interface TestProxy {
  readonly port: number;
  /** Hosts with ports, in order; with the credentials where some were sent. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const listen = (server: Server): Promise<void> =>
  new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve));

function pipe(client: Socket, targetPort: number, greet: () => void): void {
  const target = connect(targetPort, '127.0.0.1', () => {
    greet();
    client.pipe(target).pipe(client);
  });
  for (const [one, other] of [
    [client, target],
    [target, client],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy());
}

function proxyOver(server: Server, asked: readonly string[], clients: ReadonlySet<Socket>): TestProxy {
  return {
    port: portOf(server),
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
}

/** An HTTP proxy: `CONNECT host:port`. Without a target it refuses with 403. */
export async function startConnectProxy(targetPort: number | undefined): Promise<TestProxy> {
  const asked: string[] = [];
  const clients = new Set<Socket>();
  const server = createHttpServer((_, response) => void response.writeHead(405).end());
  server.on('connect', (request, socket: Socket) => {
    clients.add(socket);
    const credentials = request.headers['proxy-authorization'];
    asked.push([request.url, credentials].filter(Boolean).join(' '));
    if (targetPort === undefined) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else pipe(socket, targetPort, () => void socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  await listen(server);
  return proxyOver(server, asked, clients);
}

/** A SOCKS5 proxy, RFC 1928 and 1929: asks for a user and password if it is offered them. */
export async function startSocksProxy(targetPort: number): Promise<TestProxy> {
  const asked: string[] = [];
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    let credentials = '';
    const request = (data: Buffer): void => {
      const length = data[4] ?? 0;
      const host = data.subarray(5, 5 + length).toString();
      asked.push(`${host}:${data.readUInt16BE(5 + length)}${credentials}`);
      pipe(socket, targetPort, () => void socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
    };
    const login = (data: Buffer): void => {
      const length = data[1] ?? 0;
      credentials = ` ${data.subarray(2, 2 + length).toString()}:${data.subarray(3 + length).toString()}`;
      socket.once('data', request).write(Buffer.from([1, 0]));
    };
    socket.once('data', (data) => {
      const withLogin = data.subarray(2).includes(2);
      socket.once('data', withLogin ? login : request).write(Buffer.from([5, withLogin ? 2 : 0]));
    });
  });
  await listen(server);
  return proxyOver(server, asked, clients);
}
