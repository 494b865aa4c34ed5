import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { ROOT, textOf } from './workspace.mjs';

const GUIDE = 'docs/guides/use-as-a-library.md';
const PACKAGES = join(ROOT, 'dist/packages');
const TARBALLS = join(ROOT, 'dist/tarballs');
/** What the command line may take once installed, ccxt and the compiled SQLite included. */
const MOST_MEGABYTES = 120;
/** Published for ES modules alone; how older resolutions would fare says nothing. */
const IGNORED_RESOLUTIONS = ['node10', 'node16-cjs'];

/**
 * Packs what is published and holds it against what others will meet: public linters of packages, an empty folder that it
 * is installed into, a compiler that reads its types, and the example of the guide, to the letter.
 */
export async function checkPackages() {
  run('node', ['tools/pack/src/main.mjs'], ROOT);
  const names = readdirSync(PACKAGES);
  const linted = await Promise.all(names.map(lint));
  const problems = [...linted.flat(), ...names.flatMap(typesOf), ...(await wrongTypes())];
  return problems.length > 0 ? problems : [...installedLibraries(), ...installedCommandLine()];
}

/** Who starts this may ask for colours; what is compared must have none. */
const env = { ...process.env, FORCE_COLOR: '0' };

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

async function lint(name) {
  const pkgDir = join(PACKAGES, name);
  const { messages, pkg } = await publint({ pkgDir, strict: true, pack: false });
  // Where the sources live is for whoever publishes to say.
  return messages
    .filter(({ code }) => code !== 'USE_REPOSITORY' && code !== 'INVALID_REPOSITORY_VALUE')
    .map((message) => `${pkg.name}: ${formatMessage(message, pkg, { color: false })}`);
}

const publishedFiles = (name) =>
  readdirSync(join(PACKAGES, name), { recursive: true }).filter((file) =>
    /\.(js|mjs|d\.ts|json|md)$/.test(file),
  );

/** Nothing that points into the repository or the machine it was packed on. */
function typesOf(name) {
  return publishedFiles(name).flatMap((file) => {
    const text = readFileSync(join(PACKAGES, name, file), 'utf8');
    const sources = file.endsWith('.d.ts') && /['"]\.{1,2}\/[^'"]*\.ts['"]/.test(text);
    return [
      ...(sources ? [`${name}/${file} names a source file`] : []),
      ...(text.includes(ROOT) ? [`${name}/${file} names a folder of this machine`] : []),
    ];
  });
}

async function wrongTypes() {
  const found = [];
  for (const file of readdirSync(TARBALLS)) {
    if (file.startsWith('kairos-cli-')) continue;
    const pkg = createPackageFromTarballData(readFileSync(join(TARBALLS, file)));
    const { types, problems = [] } = await checkPackage(pkg);
    if (types === false) found.push(`${file} has no types`);
    for (const { kind, resolutionKind, entrypoint = '.' } of problems)
      if (!IGNORED_RESOLUTIONS.includes(resolutionKind) && !entrypoint.endsWith('.json'))
        found.push(`${file}: ${kind} at ${entrypoint}`);
  }
  return found;
}

/** The first JavaScript of a page that imports the collectors. */
const exampleOf = (page) =>
  [...(textOf(page) ?? '').matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)]
    .map(([, code]) => code)
    .find((code) => code.includes("from '@kairos/collectors'"));

function inEmptyFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'kairos-packages-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    return work(folder);
  } catch (error) {
    return [`${error.message}\n${error.stdout ?? ''}${error.stderr ?? ''}`.trim()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const install = (folder, what) =>
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...what], folder);

/** The example as written; its packages and what they need come from the tarballs, ccxt from where it always comes. */
function installedLibraries() {
  const example = exampleOf(GUIDE);
  if (!example) return [`${GUIDE} has no example`];
  const readme = exampleOf('README.md');
  const different =
    readme !== undefined && readme !== example ? [`the examples of README.md and ${GUIDE} differ`] : [];
  const tarballs = readdirSync(TARBALLS).filter((file) => !/^kairos-(cli|store-sqlite|codec)-/.test(file));
  const { ccxt } = JSON.parse(textOf('libs/adapters/source-ccxt/package.json')).dependencies;
  return inEmptyFolder((folder) => {
    install(folder, [...tarballs.map((file) => join(TARBALLS, file)), `ccxt@${ccxt}`]);
    writeFileSync(join(folder, 'example.mjs'), example);
    const told = run(process.execPath, ['example.mjs'], folder);
    const silent = /^complete [1-9]\d* /.test(told) ? [] : [`the example of ${GUIDE} told: ${told}`];
    return [...different, ...silent, ...unresolvedTypes(folder, example)];
  });
}

/** The example as a stranger's TypeScript: every declaration of ours is read, none skipped. */
function unresolvedTypes(folder, example) {
  writeFileSync(join(folder, 'example.ts'), example.replaceAll('btc.coverage.', 'btc.coverage?.'));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const typeRoots = join(ROOT, 'node_modules/@types');
  const options = '--noEmit --strict --target es2022 --module nodenext --types node'.split(' ');
  try {
    run(process.execPath, [tsc, ...options, '--typeRoots', typeRoots, 'example.ts'], folder);
    return [];
  } catch ({ stdout }) {
    return stdout.split('\n').filter((line) => /^(example\.ts|node_modules\/@kairos\/)/.test(line));
  }
}

function installedCommandLine() {
  const tarball = readdirSync(TARBALLS).find((file) => file.startsWith('kairos-cli-'));
  return inEmptyFolder((folder) => {
    install(folder, [join(TARBALLS, tarball)]);
    const kilobytes = Number(run('du', ['-sk', 'node_modules'], folder).split('\t')[0]);
    const tooLarge =
      kilobytes > MOST_MEGABYTES * 1024
        ? [`the command line takes ${Math.ceil(kilobytes / 1024)} MB installed; at most ${MOST_MEGABYTES}`]
        : [];
    run(process.execPath, ['node_modules/@kairos/cli/bin/kairos.mjs', '--help'], folder);
    const others = readdirSync(join(folder, 'node_modules')).filter((name) =>
      /^(nx|@nx|aws|@aws)/.test(name),
    );
    return [...tooLarge, ...others.map((name) => `the command line brings ${name}`)];
  });
}
