// nx bench: bundles a benchmark of this folder and runs it. `node tools/bench/run.mjs NAME [args]`, or all of them.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const known = readdirSync('tools/bench/src')
  .filter((f) => f.endsWith('.bench.ts'))
  .map((f) => f.slice(0, -'.bench.ts'.length));
const [name, ...args] = process.argv.slice(2);
const chosen = name === undefined || name.startsWith('-') ? known : [name];
for (const one of chosen) {
  if (!known.includes(one)) throw new Error(`no benchmark ${one}; there are ${known.join(', ')}`);
  const outfile = `dist/tools/bench/${one}.js`;
  const outsideKairos = {
    name: 'npm-packages-stay-outside',
    setup: (b) =>
      b.onResolve({ filter: /^[^./]/ }, (a) =>
        a.path.startsWith('@kairos/') || a.kind === 'entry-point' ? undefined : { external: true },
      ),
  };
  await build({
    entryPoints: [`tools/bench/src/${one}.bench.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    plugins: [outsideKairos],
    logLevel: 'warning',
  });
  await build({
    entryPoints: ['libs/sandbox-venue/src/main.ts'],
    outfile: 'dist/tools/bench/venue.js',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const { status } = spawnSync(
    process.execPath,
    ['--expose-gc', outfile, ...(name === one ? args : process.argv.slice(2))],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
