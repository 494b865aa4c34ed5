import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { hasPython, needsPython, openRig, processesOf } from './testing/rig.test-support.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** A server reduced to what matters: two runs, of which one is deaf and one has children of its own. */
const SERVER = `
import { PythonRuntime } from './python-runtime.ts';
const [functionsDir, workDir, venvDir, packageDir] = process.argv.slice(2);
const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
const clock = { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) };
const runtime = new PythonRuntime({ functionsDir, workDir, venvDir, packageDir, hostEnv: process.env, clock, logger });
const call = (name, taskType, params) => ({
  runId: taskType, taskId: 't', taskName: 't', taskType, function: name, params, state: null, kind: 's', slot: 0,
  attempt: 1, deadline: Date.now() + 600_000, memoryMb: 256,
});
const sink = { log: (line) => process.stdout.write(line.message + '\\n') };
const signal = new AbortController().signal;
void runtime.run(call('unruly', 'deaf_native', {}), sink, signal);
void runtime.run(call('unruly', 'grandchildren', { wait: true, count: 3 }), sink, signal);
`;

describe.skipIf(!hasPython || process.platform !== 'linux')(`A server that is killed${needsPython}`, () => {
  it('takes all workers and what they started with it, however deaf they are', async () => {
    const rig = openRig();
    const file = join(rig.dir, 'server.mjs');
    const stdin = { contents: SERVER, resolveDir: HERE, loader: 'ts' as const };
    const { outputFiles } = await build({
      stdin,
      bundle: true,
      platform: 'node',
      format: 'esm',
      write: false,
    });
    writeFileSync(file, outputFiles[0]?.contents ?? '');
    const places = [rig.functionsDir, rig.workDir, join(rig.dir, 'venvs'), join(HERE, '../python')];
    const server = spawn(process.execPath, [file, ...places], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    await new Promise<void>((resolve) => {
      server.stdout.on('data', (chunk: Buffer) => {
        said += String(chunk);
        if (said.includes('busy') && said.includes('grown')) resolve();
      });
    });
    // Two workers, a guardian for each, and four programs that they started: the last may still be on its way.
    while (processesOf(rig.workDir).length < 8) await new Promise((resolve) => setImmediate(resolve));

    server.kill('SIGKILL');
    await once(server, 'exit');
    // Waiting for what the kernel does by itself; the test's own time limit is the only one.
    while (processesOf(rig.workDir).length > 0) await new Promise((resolve) => setImmediate(resolve));

    expect(processesOf(rig.workDir)).toEqual([]);
    await rig.dispose();
  });
});
