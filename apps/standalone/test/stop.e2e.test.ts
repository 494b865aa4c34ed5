import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildServer, scratch, ServerProcess } from './harness.ts';

const place = scratch();
beforeAll(buildServer, 60_000);
afterAll(() => place.remove());

const YAML = `runtime: {mode: standalone}
task_store: {type: memory}
http: {host: 127.0.0.1, port: 0}
log: {level: info, format: json}
sources: {sandbox: {driver: sandbox}}
`;

it.each(['source.ready', 'server.listening'])('ends in good order also when told to at %s', async (event) => {
  const server = ServerProcess.launch(place.dir, YAML);
  await server.logged(event);

  expect(await server.stop()).toBe(0);
  expect(server.lines.some((line) => line.includes('server.stopped'))).toBe(true);
});
