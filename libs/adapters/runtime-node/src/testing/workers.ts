import { existsSync, readdirSync, readFileSync } from 'node:fs';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Whether the process runs. One that is dead and waits to be buried does not. */
export const isAlive = (pid: number): boolean => /\) [^ZX] /.test(read(`/proc/${pid}/stat`));

/** Pids of the workers that this process started and that are alive, as the machine tells them; none where it does not tell. */
export function workersAlive(): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [, parent] = /\) \S (\d+) /.exec(read(`/proc/${pid}/stat`)) ?? [];
      return (
        Number(parent) === process.pid &&
        isAlive(Number(pid)) &&
        read(`/proc/${pid}/cmdline`).includes('openChannel')
      );
    })
    .map(Number);
}
