import { realpath, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { writableByOthers } from '@kairos/runtime-common';

/** A function that may be run. `requirements` is the text that names its packages; empty: none. */
export interface LocatedFunction {
  readonly ok: true;
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  readonly requirements: string;
}

export interface NotLocated {
  readonly ok: false;
  readonly code: 'JOB_FUNCTION_MISSING' | 'JOB_FUNCTION_UNSAFE';
  readonly reason: string;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const MAX_REQUIREMENTS_BYTES = 65_536;

/**
 * Where a function lies: `<folder>/<name>.py` with `<name>.requirements.txt` beside it, or `<folder>/<name>/__init__.py` with
 * `requirements.txt` inside. Only what lies in the folder in truth, and what nobody else may write to.
 */
export async function locateFunction(dir: string, name: string): Promise<LocatedFunction | NotLocated> {
  if (!NAME.test(name))
    return missing(`"${name.slice(0, 80)}" is no name of a Python module: letters, digits and _, at most 64`);
  const folder = await realpath(dir).catch(() => undefined);
  if (folder === undefined) return missing(`the folder of functions ${dir} does not exist`);
  for (const [file, requirements] of [
    [join(name, '__init__.py'), join(name, 'requirements.txt')],
    [`${name}.py`, `${name}.requirements.txt`],
  ] as const) {
    const found = await realpath(join(folder, file)).catch(() => undefined);
    if (found !== undefined) return located({ folder, name, file: found, requirements });
  }
  return missing(`${name}: there is neither ${name}.py nor ${name}/__init__.py in ${folder}`);
}

async function located(p: {
  readonly folder: string;
  readonly name: string;
  readonly file: string;
  readonly requirements: string;
}): Promise<LocatedFunction | NotLocated> {
  const list = join(p.folder, p.requirements);
  const listed = await realpath(list).catch(() => undefined);
  const inner = p.file.endsWith(`${sep}__init__.py`) ? [join(p.folder, p.name)] : [];
  for (const path of [p.folder, ...inner, p.file, ...(listed === undefined ? [] : [listed])]) {
    const unsafe = await whyUnsafe(p.folder, path);
    if (unsafe !== undefined) return { ok: false, code: 'JOB_FUNCTION_UNSAFE', reason: unsafe };
  }
  const requirements = listed === undefined ? '' : await readFile(listed, 'utf8');
  if (Buffer.byteLength(requirements) > MAX_REQUIREMENTS_BYTES)
    return { ok: false, code: 'JOB_FUNCTION_UNSAFE', reason: `${list} is longer than 64 KiB` };
  return { ok: true, name: p.name, folder: p.folder, file: p.file, requirements: meaningful(requirements) };
}

async function whyUnsafe(folder: string, path: string): Promise<string | undefined> {
  const real = await realpath(path);
  if (real !== folder && !real.startsWith(folder + sep))
    return `${path} leads to ${real}, out of the folder of functions`;
  return writableByOthers(await stat(real))
    ? `${real} may be written by others: chmod go-w ${real}`
    : undefined;
}

/** Comments and blank lines name no package. */
const meaningful = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .join('\n');

const missing = (reason: string): NotLocated => ({ ok: false, code: 'JOB_FUNCTION_MISSING', reason });
