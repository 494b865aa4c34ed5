import { once } from 'node:events';
import type { ProgramName } from './program.ts';
import { runCommand } from './run-command.ts';
import { displayOf } from './terminal/display.ts';
import { LiveBlock } from './terminal/live-block.ts';

/** Watched only once a command wants to end by itself; a second signal ends the program at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

async function input(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function pour(chunk: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
}

/** Runs the command line of this process under one of its names. */
export async function start(name: ProgramName): Promise<void> {
  // Whoever reads only the beginning, as `head` does, is done with us.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70));

  const watched = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  const live = new LiveBlock((text) => void process.stderr.write(text));

  process.exitCode = await runCommand(
    process.argv.slice(2),
    {
      env: process.env,
      out: (text) => void process.stdout.write(`${text}\n`),
      err: (text) => void process.stderr.write(`${text}\n`),
      progress: watched ? (text) => void process.stderr.write(`\r${text}\u001b[K`) : undefined,
      block: watched ? (lines) => live.draw(lines) : undefined,
      display: {
        out: displayOf(process.stdout, process.env),
        err: displayOf(process.stderr, process.env),
      },
      pour,
      input,
      interruption,
    },
    name,
  );
}
