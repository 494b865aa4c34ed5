// A copy of the working tree in which sources may be broken on purpose: nobody else sees it, and nothing of it remains.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';

const COPIED = [
  'apps',
  'libs',
  'tools',
  'config',
  'docs',
  'package.json',
  'nx.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'vitest.config.ts',
];
/** Built or installed, never written by hand. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.nx', 'coverage']);
const OWN_SCOPE = '@kairos';

/**
 * Strangers' packages are the originals, by one link each; our own resolve into the copy, as their links are relative.
 * A folder named `.vite` or the like is left out: caches are each tree's own.
 */
function linkPackages(from, to) {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith('.')) {
      if (name === '.bin') symlinkSync(join(from, name), join(to, name));
      continue;
    }
    if (name !== OWN_SCOPE) {
      symlinkSync(join(from, name), join(to, name));
      continue;
    }
    mkdirSync(join(to, name));
    for (const own of readdirSync(join(from, name)))
      symlinkSync(readlinkSync(join(from, name, own)), join(to, name, own));
  }
}

/** Packages that npm put beside one of ours, because another version stands at the top. */
function linkNested(root, copy) {
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name === 'dist') continue;
      const path = join(dir, entry.name);
      if (entry.name === 'node_modules') symlinkSync(path, join(copy, relative(root, path)));
      else visit(path);
    }
  };
  for (const part of ['apps', 'libs', 'tools']) visit(join(root, part));
}

/** Copies the tree at `root`; answers where to, the environment its tests want, and how to be rid of it. */
export function privateCopy(root) {
  const dir = mkdtempSync(join(tmpdir(), 'kairos-planted-'));
  const filter = (path) => !LEFT_OUT.has(basename(path));
  for (const part of COPIED) cpSync(join(root, part), join(dir, part), { recursive: true, filter });
  linkPackages(join(root, 'node_modules'), join(dir, 'node_modules'));
  linkNested(root, dir);
  const env = { KAIROS_DATA_DIR: process.env.KAIROS_DATA_DIR ?? resolve(root, '../shared/data') };
  return { dir, env, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
