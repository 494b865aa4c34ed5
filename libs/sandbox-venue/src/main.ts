import { venueOptions } from './flags.ts';
import { startSandboxVenue } from './venue.ts';

const venue = await startSandboxVenue(venueOptions(process.argv.slice(2)));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void venue.close());
process.stdout.write(`${JSON.stringify({ url: venue.url, realm: venue.realm, pid: process.pid })}\n`);
