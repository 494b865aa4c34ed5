import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The package lies beside a bundle, or beside the folder of the sources or of the compiled library. */
export function findPackage(): string {
  const places = ['./python/', '../python/'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find((place) => existsSync(`${place}kairos_tasks/worker.py`)) ?? places[0] ?? '';
}

/** Names of the functions in the folder, whether they can be used or not. */
export async function functionsIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries
    .flatMap((entry) => {
      if (entry.isFile() && entry.name.endsWith('.py')) return [entry.name.slice(0, -3)];
      return entry.isDirectory() && existsSync(`${dir}/${entry.name}/__init__.py`) ? [entry.name] : [];
    })
    .sort();
}
