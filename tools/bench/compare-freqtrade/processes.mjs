// Child processes: the venue, and programs that are measured.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const VENUE = fileURLToPath(new URL('venue-process.mjs', import.meta.url));
const SAMPLE_MS = 25;

export const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

/** A fresh venue: no minute of weight is used yet, no lie is told yet. */
export async function startVenue(library, options) {
  const child = fork(VENUE, [library, JSON.stringify(options)]);
  const alarm = new Promise((ring) => child.on('message', (m) => m.alarm && ring()));
  const [place] = await once(child, 'message');
  const ask = async (wish) => {
    child.send(wish);
    for (;;) {
      const [{ counts }] = await once(child, 'message');
      if (counts) return counts;
    }
  };
  return {
    ...place,
    alarm,
    counts: () => ask('counts'),
    heal: () => ask('heal'),
    async close() {
      if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    },
  };
}

/** The most memory the process ever held, in MB; undefined once it is gone. Linux only. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
  } catch {
    return undefined;
  }
}

/** Seconds of processor the process has used so far, its own and the system's for it; undefined once it is gone. */
function processorOf(pid) {
  try {
    // The name may hold spaces; what follows its bracket does not. Ticks are hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

/** A program that runs: its output, its peak of memory, its processor time, its end. */
export function run(command, args, options = {}) {
  const began = performance.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const program = {
    output: '',
    peakMb: 0,
    cpu: 0,
    child,
    seconds: () => (performance.now() - began) / 1_000,
  };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => (program.output += bytes.toString()));
  program.sample = () => {
    program.peakMb = Math.max(program.peakMb, peakOf(child.pid) || 0);
    program.cpu = Math.max(program.cpu, processorOf(child.pid) || 0);
  };
  const timer = setInterval(program.sample, SAMPLE_MS);
  program.ended = new Promise((done) =>
    child.once('close', (code) => {
      clearInterval(timer);
      done({ code, seconds: program.seconds() });
    }),
  );
  return program;
}
