import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The workspace's root folder. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Every file of the repository, tracked or about to be, relative to the root. Ignored ones are not listed. */
export function repositoryFiles() {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...new Set(list.split('\0'))].filter((path) => path !== '').sort();
}

/**
 * The text of a file; undefined when it is listed but gone, or is no text.
 * @param {string} path relative to the root
 * @returns {string | undefined}
 */
export function textOf(path) {
  try {
    const bytes = readFileSync(`${ROOT}${path}`);
    return bytes.includes(0) ? undefined : bytes.toString('utf8');
  } catch {
    return undefined;
  }
}
