import type * as Net from 'node:net';
import type * as Threads from 'node:worker_threads';
/**
 * Runs in a thread beside the job, however busy that is: when the server is gone (descriptor 5 ends) or the process has
 * grown too large, the process and all that it started are killed.
 */
export function watchOver(load: NodeJS.Require): void {
  const { Socket }: typeof Net = load('node:net');
  const { workerData }: typeof Threads = load('node:worker_threads');
  const kill = (): void => {
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  };
  const line = new Socket({ fd: 5 });
  line.on('error', () => undefined).on('close', kill);
  line.resume();
  setInterval(() => {
    // The server is told why before there is nobody left to tell it.
    if (process.memoryUsage.rss() > workerData.mostBytes) line.write('M', kill);
  }, 50);
}
