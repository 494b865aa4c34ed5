// Kairos beside freqtrade's download-data, against one sandbox venue. See README.md; never part of CI.
import { build } from 'esbuild';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { environment } from './freqtrade.mjs';
import { print } from './report.mjs';
import { FAULTS, faults, kills, speed, starts } from './scenes.mjs';

const DAY = 86_400_000;
const END = Date.UTC(2026, 8, 1);
const FOUR = ['BTC/USDT', 'ETH/USDT', 'BNB/USDT', 'SOL/USDT'];
const ROOT = resolve(import.meta.dirname, '../../..');
const HERE = join(ROOT, 'dist/tools/bench/compare-freqtrade');
mkdirSync(HERE, { recursive: true });
/** Below the repository, so that packages are found. */
const FROZEN = mkdtempSync(join(HERE, 'frozen-'));

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: ['speed', 'faults', 'kills'] },
    rounds: { type: 'string', default: '3' },
    days: { type: 'string', default: '90' },
    kind: { type: 'string', multiple: true, default: FAULTS },
    environment: { type: 'string' },
    json: { type: 'string', default: join(HERE, 'result.json') },
  },
});

/** The server as it is built now, in a place of this run alone: nobody rebuilds it meanwhile. */
function freezeServer() {
  const built = join(ROOT, 'dist/apps/standalone');
  for (const file of readdirSync(built).filter((name) => name.endsWith('.js')))
    cpSync(join(built, file), join(FROZEN, file));
  return join(FROZEN, 'main.js');
}

async function bundleVenue() {
  const library = join(FROZEN, 'venue.mjs');
  await build({
    entryPoints: [join(ROOT, 'libs/sandbox-venue/src/index.ts')],
    outfile: library,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return library;
}

const spanOf = (symbols, days) => ({ symbols, from: END - days * DAY, to: END });
const heard = (one) => process.stderr.write(`${JSON.stringify(one)}\n`);

const dir = mkdtempSync(join(tmpdir(), 'kairos-compare-'));
try {
  const bin = environment(resolve(values.environment ?? join(dir, 'python')));
  const place = { dir, bin, library: await bundleVenue(), main: freezeServer() };
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  const result = { at: new Date().toISOString(), machine };
  const long = { ...place, span: spanOf(FOUR, Number(values.days)) };
  const short = { ...place, span: spanOf(FOUR.slice(0, 2), 40) };
  if (values.only.includes('speed')) {
    const rounds = Number(values.rounds);
    result.starts = await starts({ ...place, span: spanOf(FOUR.slice(0, 1), 1) }, { rounds, heard });
    result.speed = await speed(long, { rounds, heard });
  }
  if (values.only.includes('faults'))
    result.faults = await faults(short, { kinds: values.kind, rate: 0.1, heard });
  if (values.only.includes('kills')) result.kills = await kills(long, { parts: [0.3, 0.6, 0.9], heard });
  print(result);
  writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
  process.stdout.write(`\n${values.json}\n`);
} finally {
  for (const each of [dir, FROZEN]) rmSync(each, { recursive: true, force: true });
}
