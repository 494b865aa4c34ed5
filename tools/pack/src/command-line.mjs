import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { writePackage } from './manifest.mjs';
import { CLI, PACKAGES, ROOT, json } from './workspace.mjs';

/** Compiled SQLite for further machines may be laid here before packing, named as `addonName` names them. */
const MORE_ADDONS = join(ROOT, 'dist/addons');

const BANNER = `import { createRequire as kairosCreateRequire } from 'node:module';
import { fileURLToPath as kairosPath } from 'node:url';
const kairosRequire = kairosCreateRequire(import.meta.url);
const require = kairosRequire;
const kairosHere = kairosPath(new URL('.', import.meta.url));`;

/** The entries, by the name of their command. */
const BINS = { kairos: 'main', 'task-manager': 'task-manager' };
const binOf = (entry) => `#!/usr/bin/env node
await import('../dist/${entry}.js');
`;

function addonName() {
  const { header } = process.report.getReport();
  const libc = process.platform !== 'linux' ? '' : header.glibcVersionRuntime ? '-glibc' : '-musl';
  return `${process.platform}-${process.arch}${libc}-abi${process.versions.modules}.node`;
}

function layAddons(place) {
  mkdirSync(place, { recursive: true });
  if (existsSync(MORE_ADDONS))
    for (const file of readdirSync(MORE_ADDONS)) copyFileSync(join(MORE_ADDONS, file), join(place, file));
  copyFileSync(
    join(ROOT, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'),
    join(place, addonName()),
  );
}

/** The licences of what is bundled, as they ask for. */
function layLicences(inputs, place) {
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const texts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(ROOT, folder, file), 'utf8').trim() : `Licence: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  writeFileSync(join(place, 'THIRD-PARTY-LICENCES.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
}

/**
 * Bundles the command line as it is published: everything in it but ccxt, of which it loads one exchange at a time. The
 * compiled SQLite lies beside, so that installing compiles nothing.
 */
export async function packCommandLine() {
  const place = join(PACKAGES, CLI.name);
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(Object.values(BINS).map((entry) => [entry, `apps/cli/src/${entry}.ts`])),
    outdir: join(place, 'dist'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    splitting: true,
    mainFields: ['module', 'main'],
    metafile: true,
    external: ['ccxt'],
    alias: { bindings: join(dirname(new URL(import.meta.url).pathname), 'addon.cjs') },
    banner: { js: BANNER },
    logLevel: 'warning',
  });
  mkdirSync(join(place, 'bin'), { recursive: true });
  for (const [name, entry] of Object.entries(BINS))
    writeFileSync(join(place, `bin/${name}.mjs`), binOf(entry), { mode: 0o755 });
  layAddons(join(place, 'dist/addon'));
  // Python runs it from files of its own.
  cpSync(
    join(ROOT, 'libs/adapters/runtime-python/python/kairos_tasks'),
    join(place, 'dist/python/kairos_tasks'),
    { recursive: true, filter: (path) => !path.includes('__pycache__') },
  );
  layLicences(metafile.inputs, place);
  const { ccxt } = json('libs/adapters/source-ccxt/package.json').dependencies;
  writePackage(CLI, ({ bin }) => ({
    bin: Object.fromEntries(Object.keys(bin).map((name) => [name, `./bin/${basename(bin[name])}`])),
    exports: { './package.json': './package.json' },
    files: ['bin', 'dist', 'THIRD-PARTY-LICENCES.txt'],
    dependencies: { ccxt },
  }));
}
