// The venue, alone in a process: `venue-process.mjs LIBRARY OPTIONS`. Its parent hears the address, asks `counts`, says
// `heal`, and is told when the `alarmAt`-th request for candles was answered.
import { pathToFileURL } from 'node:url';

const [library, text] = process.argv.slice(2);
const { startSandboxVenue } = await import(pathToFileURL(library).href);
const { seed, latencyMs, weightPerMinute, faults, alarmAt } = JSON.parse(text);
const venue = await startSandboxVenue({
  mode: { kind: 'synthetic', seed },
  latencyMs,
  limits: { weightPerMinute },
  ...(faults && { faults }),
});

let pages = 0;
venue.onRequest(({ path }) => {
  if (!path.endsWith('/klines')) return;
  pages += 1;
  if (pages === alarmAt) process.send({ alarm: pages });
});

process.on('message', (wish) => {
  if (wish === 'heal') venue.faults = undefined;
  process.send({ counts: { pages, faults: venue.faultLog().length } });
});
process.send({ url: venue.url, realm: venue.realm });
