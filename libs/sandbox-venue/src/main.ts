import { parseArgs } from 'node:util';
import { fixedClock, startSandboxVenue } from './venue.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    seed: { type: 'string' },
    recording: { type: 'string' },
    id: { type: 'string' },
    clock: { type: 'string' },
    'latency-ms': { type: 'string' },
  },
});

/** Reads a whole number flag. Throws with the flag's name. */
function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} takes a whole number, not "${text}"`);
  return Number(text);
}

/** Reads an instant such as 2024-01-01T00:00:00Z. Throws if it is none. */
function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`--clock takes an ISO 8601 instant, not "${text}"`);
  return at;
}

const folderName = (path: string): string => path.split('/').findLast((part) => part !== '') ?? path;

const venue = await startSandboxVenue({
  mode:
    values.recording === undefined
      ? { kind: 'synthetic', seed: values.seed ?? 'kairos' }
      : { kind: 'recording', id: values.id ?? folderName(values.recording), dir: values.recording },
  host: values.host ?? '127.0.0.1',
  port: wholeNumber('port', values.port ?? '0'),
  latencyMs: wholeNumber('latency-ms', values['latency-ms'] ?? '0'),
  ...(values.clock === undefined ? {} : { clock: fixedClock(instant(values.clock)) }),
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void venue.close());
process.stdout.write(`${JSON.stringify({ url: venue.url, realm: venue.realm, pid: process.pid })}\n`);
