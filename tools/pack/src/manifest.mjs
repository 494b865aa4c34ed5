import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGES, ROOT, json } from './workspace.mjs';

/** A sign begins with a heading and a paragraph that says it all; its first sentence describes the package. */
function descriptionOf(folder) {
  const [, paragraph = ''] = readFileSync(join(ROOT, folder, 'README.md'), 'utf8').split(/\n\n/);
  return paragraph
    .replace(/\s+/g, ' ')
    .replace(/[`*_]/g, '')
    .split(/(?<=\.)\s/)[0];
}

/** What every published package says of itself, beside what its kind adds. */
export function writePackage({ name, folder }, kind) {
  const source = json(`${folder}/package.json`);
  const root = json('package.json');
  const manifest = {
    name: source.name,
    version: source.version,
    description: descriptionOf(folder),
    keywords: ['market-data', 'ohlcv', 'candles', 'ccxt'],
    license: source.license,
    type: 'module',
    engines: root.engines,
    sideEffects: false,
    publishConfig: { access: 'public' },
    ...kind(source),
  };
  const place = join(PACKAGES, name);
  writeFileSync(join(place, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(ROOT, 'LICENSE'), join(place, 'LICENSE'));
  copyFileSync(join(ROOT, folder, 'README.md'), join(place, 'README.md'));
}
