// Bundles the command line into dist/apps/cli. Native addons, ccxt and undici stay in node_modules, resolved at run time.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

const { outputFiles } = await build({
  write: false,
  entryPoints: { main: 'apps/cli/src/main.ts' },
  outdir: 'dist/apps/cli',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  splitting: true,
  external: ['better-sqlite3', 'ccxt', 'undici'],
  // Bundled CommonJS asks for Node's own modules by require, which an ES module lacks.
  banner: {
    js: "import { createRequire as kairosRequire } from 'node:module';\nconst require = kairosRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

// Each file at once, or who starts the command meanwhile reads half of it.
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
