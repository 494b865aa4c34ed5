import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');
/** One folder per package, as it is published. */
export const PACKAGES = join(ROOT, 'dist/packages');
export const TARBALLS = join(ROOT, 'dist/tarballs');
export const COMPILED = join(ROOT, 'dist/compiled');

export const json = (path) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

/** The command line is published as a bundle; all else as compiled libraries. */
export const CLI = { name: 'cli', folder: 'apps/cli' };

/** The libraries that are published, as tsconfig.json lists them: `{ name, folder }`, the folder from the root. */
export const LIBRARIES = json('tools/pack/tsconfig.json').files.map((file) => {
  const folder = file.replace(/^(\.\.\/)+/, '').replace(/\/src\/index\.ts$/, '');
  return { name: folder.split('/').at(-1), folder };
});
