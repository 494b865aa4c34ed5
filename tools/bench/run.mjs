// nx bench: every figure of speed, ours beside the naive way, in one run. `node tools/bench/run.mjs [NAME…] [--quick]`
// prints one table and writes dist/bench/results.json. `--quick` shows that the benchmarks work; its figures mean nothing.
import { build } from 'esbuild';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { createInterface } from 'node:readline';

const OUT = 'dist/tools/bench';
const RESULTS = 'dist/bench/results.json';
/** Slow or noisy ones last: what they leave in caches and queues would be in the others' way. */
const LAST = ['memory', 'freshness'];

const place = (name) => LAST.indexOf(name);
const known = readdirSync('tools/bench/src')
  .filter((f) => f.endsWith('.bench.ts'))
  .map((f) => f.slice(0, -'.bench.ts'.length))
  .sort((a, b) => place(a) - place(b) || a.localeCompare(b));
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('-'));
const named = args.filter((arg) => !arg.startsWith('-'));
const unknown = named.find((name) => !known.includes(name));
if (unknown !== undefined) {
  console.error(`no benchmark ${unknown}; there are ${known.join(', ')}`);
  process.exit(2);
}
const quick = flags.includes('--quick');
const load = () => Number(loadavg()[0].toFixed(2));

async function bundle(entryPoints) {
  const npmPackagesStayOutside = {
    name: 'npm-packages-stay-outside',
    setup: (b) =>
      b.onResolve({ filter: /^[^./]/ }, (a) =>
        a.path.startsWith('@kairos/') || a.kind === 'entry-point' ? undefined : { external: true },
      ),
  };
  await build({
    entryPoints,
    outdir: OUT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    plugins: [npmPackagesStayOutside],
    logLevel: 'warning',
  });
}

/** The programs themselves, as they are shipped, as far as the chosen benchmarks start them. */
const STARTS = {
  start: 'cli',
  http: 'standalone',
  tasks: 'standalone',
  memory: 'standalone',
  freshness: 'standalone',
};

function buildApps(chosen) {
  for (const app of new Set(chosen.flatMap((name) => STARTS[name] ?? []))) {
    const { status } = spawnSync(process.execPath, [`apps/${app}/build.mjs`], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${app} does not build`);
  }
}

/** Runs one benchmark; its lines of JSON are results, the rest is for reading. */
async function run(name) {
  const before = load();
  const began = Date.now();
  const child = spawn(process.execPath, ['--expose-gc', `${OUT}/${name}.bench.js`, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const results = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) results.push(resultOf(name, JSON.parse(line)));
    else console.log(line);
  }
  const status = child.exitCode ?? (await new Promise((done) => child.once('exit', done)));
  if (status !== 0) throw new Error(`the benchmark ${name} failed (${child.signalCode ?? status})`);
  const seconds = Math.round((Date.now() - began) / 1000);
  return results.map((result) => ({ ...result, load: [before, load()], seconds }));
}

/** A benchmark that prints bare figures is named after its file. */
function resultOf(benchmark, line) {
  if (typeof line.name === 'string') return { benchmark, ...line };
  const { ratio, ...figures } = line;
  return { benchmark, name: benchmark, figures, ...(ratio === undefined ? {} : { ratio }) };
}

const shown = (value) =>
  typeof value !== 'number'
    ? String(value)
    : Math.abs(value) >= 1000
      ? Math.round(value).toLocaleString('en')
      : String(value);

const verdict = ({ target, met }) =>
  target === undefined ? '' : quick || met === undefined ? '–' : met ? 'met' : 'MISSED';

function table(results) {
  const rows = results.map((r) => [
    r.name,
    r.ratio === undefined ? '' : r.ratio.toFixed(2),
    r.target ?? '',
    verdict(r),
    r.load.join('–'),
    Object.entries(r.figures)
      .map(([key, value]) => `${key} ${shown(value)}`)
      .join(', '),
  ]);
  const lines = [['figure', 'ratio', 'target', '', 'load', 'measured'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((c) => Math.max(...lines.map((line) => line[c].length)));
  return lines
    .map((line) =>
      line
        .map((cell, c) => cell.padEnd(widths[c] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memory_gb: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
};

const programs = ['replay', 'bare-http'].map((name) => `tools/bench/src/${name}.ts`);
await bundle(
  Object.fromEntries([
    ...known.map((name) => [`${name}.bench`, `tools/bench/src/${name}.bench.ts`]),
    ...programs.map((path) => [path.slice(path.lastIndexOf('/') + 1, -'.ts'.length), path]),
    ['venue', 'libs/sandbox-venue/src/main.ts'],
  ]),
);
const chosen = named.length > 0 ? named : known;
buildApps(chosen);
const started = new Date().toISOString();
const results = [];
for (const name of chosen) {
  console.log(`— ${name}`);
  results.push(...(await run(name)));
}
console.log(`\n${table(results)}\n`);
mkdirSync('dist/bench', { recursive: true });
writeFileSync(RESULTS, `${JSON.stringify({ started, quick, machine, results }, null, 2)}\n`);
console.log(`${machine.cpu}, ${machine.cores} cores, node ${machine.node}; written to ${RESULTS}`);
if (quick) console.log('quick: the benchmarks work; these figures say nothing of speed');
const missed = results.filter((r) => r.met === false);
if (!quick && missed.length > 0) {
  console.log(`missed: ${missed.map((r) => r.name).join('; ')}`);
  process.exitCode = 1;
}
