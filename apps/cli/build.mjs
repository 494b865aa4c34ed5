// Bundles the command line into dist/apps/cli. The native addon stays in node_modules, resolved at run time.
import { build } from 'esbuild';

await build({
  entryPoints: { main: 'apps/cli/src/main.ts' },
  outdir: 'dist/apps/cli',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  splitting: true,
  external: ['better-sqlite3'],
  // Bundled CommonJS asks for Node's own modules by require, which an ES module lacks.
  banner: {
    js: "import { createRequire as kairosRequire } from 'node:module';\nconst require = kairosRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
