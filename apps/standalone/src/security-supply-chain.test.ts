import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Manifest {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}
interface Locked {
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
}

const manifestAt = (path: string): Manifest => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Manifest;

/** The manifests of this repository: its root and every package in it. */
function* manifests(folder = ''): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (['node_modules', 'dist', '.git', '.nx', 'tmp'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* manifests(path);
    else if (entry.name === 'package.json') yield path;
  }
}

const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 13);
const foreign = Object.entries(lock.packages).filter(([path]) => path.includes('node_modules/'));

/** What npm runs by itself when somebody installs. */
const ON_INSTALL = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
  'dependencies',
];

describe('the packages of this repository', () => {
  it('run nothing when they are installed', () => {
    const found = [...manifests()];
    const running = found.flatMap((path) =>
      ON_INSTALL.filter((name) => manifestAt(path).scripts?.[name] !== undefined).map((n) => `${path}: ${n}`),
    );

    expect(found.length).toBeGreaterThan(20);
    expect(running).toEqual([]);
  });
});

describe('the packages of others', () => {
  it('run at installation only where that was decided, one by one', () => {
    const wanting = foreign.filter(([, p]) => p.hasInstallScript === true).map(([path]) => nameOf(path));
    const decided = Object.keys(manifestAt('package.json').allowScripts ?? {});

    expect(wanting.length).toBeGreaterThan(0);
    expect([...new Set(wanting)].sort()).toEqual(decided.sort());
  });

  it('are pinned by what they hold, and come from no other place than a registry', () => {
    const loose = foreign.filter(([, p]) => p.link !== true && !(p.integrity ?? '').startsWith('sha512-'));
    const elsewhere = foreign.filter(
      ([, p]) => p.link !== true && !/^https:\/\//.test(p.resolved ?? 'https://'),
    );

    expect(loose.map(([path]) => path)).toEqual([]);
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });
});
