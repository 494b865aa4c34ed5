import { once } from 'node:events';
import { connect } from 'node:net';
import { parseRuntimeConfig } from '@kairos/config';
import { RecordingLogger } from '@kairos/testkit';
import { expect, it } from 'vitest';
import { startServer } from './server.ts';

const CONFIG = `
task_store: { type: memory }
http: { port: 0 }
shutdown_grace_ms: 50
sources: { sandbox: { driver: sandbox, seed: 1 } }
`;

it.each([
  ['head', 'POST /task HTTP/1.1\r\nHost: local'],
  [
    'body',
    'POST /task HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  ],
])('a client that never finishes its %s does not hold up the stop', async (_what, sent) => {
  const config = parseRuntimeConfig({ text: CONFIG, file: 'test.yaml', env: {} });
  const server = await startServer(config, new RecordingLogger(), { version: '0', pid: 1 });
  const { port, hostname } = new URL(server.url);
  const client = connect(Number(port), hostname);
  const cut = once(client, 'close');
  client.write(sent);
  client.on('error', () => undefined);
  // Another client is answered: by then the server has seen the first one's bytes.
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  await server.stop();
  await cut;
});
