// Lays out what is published in dist/packages/<name>, and packs it into dist/tarballs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packCommandLine } from './command-line.mjs';
import { packLibraries } from './libraries.mjs';
import { CLI, LIBRARIES, PACKAGES, ROOT, TARBALLS } from './workspace.mjs';

for (const folder of [PACKAGES, TARBALLS]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
packLibraries();
await packCommandLine();
const folders = [...LIBRARIES, CLI].map(({ name }) => join(PACKAGES, name));
const told = execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', TARBALLS, ...folders], {
  cwd: ROOT,
  encoding: 'utf8',
});
for (const { name, version, size, entryCount } of Object.values(JSON.parse(told)).flat())
  console.log(`${name}@${version}  ${Math.ceil(size / 1024)} kB, ${entryCount} files`);
