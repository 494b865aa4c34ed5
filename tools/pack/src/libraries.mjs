import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePackage } from './manifest.mjs';
import { COMPILED, LIBRARIES, PACKAGES, ROOT } from './workspace.mjs';

/** Declarations keep the specifiers of the sources; published, their neighbours end in `.js`. */
const RELATIVE = /((?:from|import\()\s*['"]\.{1,2}\/[^'"]+)\.ts(['"])/g;

function publishDeclarations(folder) {
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (!entry.endsWith('.d.ts')) continue;
    const file = join(folder, entry);
    writeFileSync(file, readFileSync(file, 'utf8').replace(RELATIVE, '$1.js$2'));
  }
}

/** Compiles the libraries and lays each out as it is published: compiled modules, declarations, sign, licence. */
export function packLibraries() {
  rmSync(COMPILED, { recursive: true, force: true });
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tools/pack/tsconfig.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  for (const library of LIBRARIES) {
    const place = join(PACKAGES, library.name);
    mkdirSync(place, { recursive: true });
    const compiled = join(COMPILED, library.folder.replace(/^libs\//, ''), 'src');
    cpSync(compiled, join(place, 'dist'), { recursive: true });
    publishDeclarations(join(place, 'dist'));
    writePackage(library, ({ dependencies = {} }) => ({
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './package.json': './package.json',
      },
      files: ['dist'],
      dependencies,
    }));
  }
}
