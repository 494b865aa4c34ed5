import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { writableByOthers } from '@kairos/runtime-common';

/** Where a function's module lies, every link resolved. */
export type Located =
  | { readonly ok: true; readonly file: string; readonly folder: string }
  | {
      readonly ok: false;
      readonly code: 'JOB_FUNCTION_MISSING' | 'JOB_FUNCTION_UNSAFE';
      readonly reason: string;
    };

/** Also the names that a configuration may use; none of them is a path. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const formsOf = (name: string): readonly string[] => [
  `${name}.js`,
  `${name}.mjs`,
  `${name}.cjs`,
  join(name, 'index.js'),
  join(name, 'index.mjs'),
];

/**
 * The module of a function: `<dir>/<name>.js`, `.mjs`, `.cjs`, or `<dir>/<name>/index.js`, `.mjs`; the first there is. It must
 * lie in the folder in truth, behind all links, and nobody but its owner may write to it or to a folder it lies in.
 */
export async function locateFunction(dir: string, name: string): Promise<Located> {
  if (!NAME.test(name))
    return missing(
      `${JSON.stringify(name.slice(0, 80))} is no name of a function: letters, digits and _, at most 64`,
    );
  const folder = await realpath(dir).catch(() => undefined);
  if (folder === undefined) return missing(`the folder of functions ${dir} does not exist`);
  for (const form of formsOf(name)) {
    const file = await realpath(join(folder, form)).catch(() => undefined);
    if (file !== undefined) return judged(folder, form, file);
  }
  return missing(`${name}: there is no ${name}.js, .mjs, .cjs and no ${name}${sep}index.js in ${folder}`);
}

async function judged(folder: string, form: string, file: string): Promise<Located> {
  if (!file.startsWith(folder + sep))
    return unsafe(
      `${join(folder, form)} leads to ${file}, out of the folder of functions; copy the file there`,
    );
  for (const path of pathsBetween(folder, file)) {
    // Windows keeps no such bits.
    if (process.platform !== 'win32' && writableByOthers(await stat(path)))
      return unsafe(`${path} may be written by others than its owner: chmod go-w ${path}`);
  }
  return { ok: true, file, folder };
}

/** The file and every folder up to the folder of functions, that one included. */
function pathsBetween(folder: string, file: string): string[] {
  const paths = [file];
  for (let at = dirname(file); at.length >= folder.length; at = dirname(at)) paths.push(at);
  return paths;
}

const missing = (reason: string): Located => ({ ok: false, code: 'JOB_FUNCTION_MISSING', reason });
const unsafe = (reason: string): Located => ({ ok: false, code: 'JOB_FUNCTION_UNSAFE', reason });
