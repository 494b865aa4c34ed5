import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startFromStat, thisHost, type Host } from './host.ts';
import { HostWorkers } from './host-workers.ts';

const host = (processes: Readonly<Record<number, string>>, space = 'boot.1'): Host => ({
  space,
  pid: 7,
  startOf: (pid) => processes[pid] ?? 'gone',
});

describe('HostWorkers', () => {
  const workers = new HostWorkers(host({ 7: '70', 8: '80', 9: 'unknown' }), 'n');

  it('names its own process by boot, pid, start and nonce', () => {
    expect(workers.owner()).toBe('boot.1:7:70:n');
    expect(workers.isDead(workers.owner())).toBe(false);
  });

  it.each([
    ['a live process', 'boot.1:8:80:x', false],
    ['a pid that no process holds', 'boot.1:6:60:x', true],
    ['a pid that a stranger holds now', 'boot.1:8:79:x', true],
    ['a process whose start the host does not tell', 'boot.1:9:90:x', false],
    ['an owner that could not tell its own start', 'boot.1:8:unknown:x', false],
    ['another boot', 'boot.2:6:60:x', false],
    ['a name of unknown form', 'somebody', false],
    ['a pid that would signal a group', 'boot.1:0:60:x', false],
    ['a negative pid', 'boot.1:-1:60:x', false],
    ['no name', '', false],
  ])('judges %s', (_what, owner, dead) => {
    expect(workers.isDead(owner)).toBe(dead);
  });

  it('gives two instances of one process different names', () => {
    expect(new HostWorkers().owner()).not.toBe(new HostWorkers().owner());
  });

  it('tells a process of this host that runs from one that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(child, 'spawn');
    const real = thisHost();
    const pid = child.pid ?? 0;
    const owner = `${real.space}:${pid}:${real.startOf(pid)}:x`;
    const judge = new HostWorkers(real);

    expect(judge.isDead(owner)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');

    expect(judge.isDead(owner)).toBe(true);
  });
});

describe('startFromStat', () => {
  const stat = (name: string, state: string): string =>
    `42 (${name}) ${state} 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 11 0 987654 1000 1 2`;

  it.each(['node', 'a b', 'x) S 1 (y', ')'])('finds the start behind a command named %j', (name) => {
    expect(startFromStat(stat(name, 'S'))).toBe('987654');
  });

  it('counts a zombie as gone', () => {
    expect(startFromStat(stat('node', 'Z'))).toBe('gone');
  });

  it('knows nothing from a cut-off line', () => {
    expect(startFromStat('42 (node) S 1')).toBe('unknown');
  });
});
