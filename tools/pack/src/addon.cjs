'use strict';
/**
 * Stands in for the package `bindings` in the bundled command line: finds the compiled SQLite that lies beside the
 * bundle for this machine, or that of a `better-sqlite3` installed next to the command line. `kairosHere` and
 * `kairosRequire` come with the bundle.
 */
/* global kairosHere, kairosRequire */
const { existsSync } = kairosRequire('node:fs');
const { join } = kairosRequire('node:path');

const libc = () =>
  process.platform !== 'linux'
    ? ''
    : process.report.getReport().header.glibcVersionRuntime
      ? '-glibc'
      : '-musl';

module.exports = () => {
  const name = `${process.platform}-${process.arch}${libc()}-abi${process.versions.modules}`;
  const file = join(kairosHere, 'addon', `${name}.node`);
  if (existsSync(file)) return kairosRequire(file);
  try {
    const manifest = kairosRequire.resolve('better-sqlite3/package.json');
    return kairosRequire(join(manifest, '../build/Release/better_sqlite3.node'));
  } catch (cause) {
    // Told here: what opens a store translates whatever a driver throws.
    process.stderr.write(
      `kairos: SQLite is not built in for ${name}; install it beside: npm install better-sqlite3\n`,
    );
    throw new Error(`no compiled SQLite for ${name}`, { cause });
  }
};
