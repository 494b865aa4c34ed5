// Bundles Kairos's own code and its small pure-JavaScript libraries into dist/apps/standalone. Native addons, ccxt and the
// servers' libraries stay in node_modules, resolved at run time.
import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

const { outputFiles } = await build({
  write: false,
  entryPoints: { main: 'apps/standalone/src/main.ts' },
  outdir: 'dist/apps/standalone',
  bundle: true,
  platform: 'node',
  format: 'esm',
  // jsonc-parser's CommonJS build loads its parts in a way that no bundler sees; its module build does not.
  mainFields: ['module', 'main'],
  target: 'node20',
  sourcemap: true,
  splitting: true,
  external: ['better-sqlite3', 'ccxt', 'fastify', 'pino', 'pino-pretty', 'undici'],
  // Bundled CommonJS asks for Node's own modules by require, which an ES module lacks.
  banner: {
    js: "import { createRequire as kairosRequire } from 'node:module';\nconst require = kairosRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

// Each file at once, or a server that starts meanwhile reads half of it.
for (const { path, contents } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

// Python runs it from files of its own.
cpSync('libs/adapters/runtime-python/python/kairos_tasks', 'dist/apps/standalone/python/kairos_tasks', {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
});
