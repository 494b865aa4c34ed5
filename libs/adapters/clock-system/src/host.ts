import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What a host tells about its processes. Injected, so that the rules of `HostWorkers` can be tried without killing any. */
export interface Host {
  /** The space in which a pid means one process: changes with every boot and differs between containers. */
  readonly space: string;
  readonly pid: number;
  /**
   * What tells this process from another that gets its pid later; `gone` when no such process runs; `unknown` when one
   * may run and the host cannot say more.
   */
  startOf(pid: number): string;
}

export const GONE = 'gone';
export const UNKNOWN = 'unknown';

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Signal 0 asks without harming. Only a plain "no such process" counts: a refusal means that something runs there. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/**
 * State and start (ticks since boot) from a line of `/proc/<pid>/stat`. The command name, in brackets, may itself hold
 * spaces and brackets, so counting begins behind the last one. A zombie has ended: only its parent has not looked yet.
 */
export function startFromStat(stat: string): string {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  if (state === 'Z' || state === 'X') return GONE;
  return fields[19] ?? UNKNOWN;
}

function linuxHost(): Host {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  // Containers of one host share the boot id but not the pids: the namespace keeps them apart.
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  return {
    space: `${boot}.${namespace}`,
    pid: process.pid,
    startOf(pid) {
      try {
        return startFromStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        // Hidden from this user, or gone: only the signal can tell the two apart.
        return runs(pid) ? UNKNOWN : GONE;
      }
    },
  };
}

function plainHost(): Host {
  return {
    space: `host-${hostname().replace(/[^A-Za-z0-9.-]/g, '_')}`,
    pid: process.pid,
    startOf: (pid) => (runs(pid) ? UNKNOWN : GONE),
  };
}

/** The host this process runs on. Where Linux' process table cannot be read, the host's name and the pid must do. */
export function thisHost(): Host {
  if (process.platform !== 'linux') return plainHost();
  try {
    return linuxHost();
  } catch {
    return plainHost();
  }
}
