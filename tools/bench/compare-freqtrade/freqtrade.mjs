// freqtrade, from PyPI, in a virtual environment of its own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const PINNED = fileURLToPath(new URL('requirements.txt', import.meta.url));
const READER = fileURLToPath(new URL('read-feather.py', import.meta.url));

function must(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** The folder of programs of a virtual environment with freqtrade in it, made if it is not there. */
export function environment(dir) {
  const bin = join(dir, 'bin');
  if (existsSync(join(bin, 'freqtrade'))) return bin;
  must(process.env.PYTHON ?? 'python3', ['-m', 'venv', dir]);
  must(join(bin, 'pip'), ['install', '--quiet', '-r', PINNED]);
  return bin;
}

/**
 * What freqtrade's documents ask for, and two departures, both so that it speaks to the venue at all:
 * `only_from_ccxt` (else it takes history from data.binance.vision) and the address.
 */
const configOf = ({ venue, paced }) => ({
  stake_currency: 'USDT',
  dry_run: true,
  exchange: {
    name: 'binance',
    only_from_ccxt: true,
    enable_ws: false,
    pair_whitelist: [],
    ccxt_config: {
      enableRateLimit: paced,
      options: { fetchMarkets: { types: ['spot'] } },
      urls: { api: { public: `${venue.url}/api/v3` } },
    },
  },
});

const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');

/** One home of freqtrade's data. `download` may be called again: it goes on after what is there. */
export function freqtrade({ bin, dir, span }) {
  mkdirSync(join(dir, 'data'), { recursive: true });
  const config = join(dir, 'config.json');
  const args = [
    ...['download-data', '--config', config, '--userdir', dir, '--no-color'],
    ...['--pairs', ...span.symbols, '--timeframes', '1m'],
    ...['--timerange', `${dayOf(span.from)}-${dayOf(span.to)}`],
  ];
  return {
    name: 'freqtrade',
    start(settings) {
      writeFileSync(config, JSON.stringify(configOf(settings)));
      const program = run(join(bin, 'freqtrade'), args, { cwd: dir });
      return {
        done: program.ended.then(({ code, seconds }) => ({
          seconds,
          peakMb: program.peakMb,
          cpu: program.cpu,
          says: said(code, program.output),
        })),
        async kill() {
          program.child.kill('SIGKILL');
          await program.ended;
        },
      };
    },
    rows: () => seriesOf(must(join(bin, 'python'), [READER, join(dir, 'data')])),
    bytes: () => folderBytes(join(dir, 'data')),
  };
}

/** The pairs it says it failed on, and what it says of gaps, besides the code it ends with. */
function said(code, output) {
  const lines = output.split('\n');
  return {
    exit: code,
    failed: lines.filter((l) => l.includes('Failed to download history data')).length,
    gaps: lines.filter((l) => / - (WARNING|ERROR) - .*(missing|gap|hole|incomplete)/i.test(l)).length,
    warnings: lines.filter((l) => / - (WARNING|ERROR) - /.test(l)).length,
  };
}

/** `BTC_USDT-1m` → rows of numbers under `BTC/USDT`. */
function seriesOf(text) {
  const series = new Map();
  let rows = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) series.set(line.slice(2, -'-1m'.length).replace('_', '/'), (rows = []));
    else if (line) rows.push(line.split(',').map(Number));
  }
  return series;
}

export const folderBytes = (dir) =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(dir, name)))
    .reduce((sum, each) => sum + (each.isFile() ? each.size : 0), 0);
