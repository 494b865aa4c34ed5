import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Display } from '../../../command.ts';
import { runCommand } from '../../../run-command.ts';

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const PIPED: Display = { width: undefined, colors: false, unicode: true };

const CRAWLER = `export const tasks = {
  simple_task_1: async () => ({ done: 1 }),
  simple_task_2: async () => ({ done: 2 }),
};
`;

/**
 * A folder with a configuration that leads to no server, functions, and a file of tasks. Python is not there,
 * whatever the machine has.
 */
export function folderWith(tasks: string | undefined): { readonly dir: string; readonly file: string } {
  const dir = mkdtempSync(join(tmpdir(), 'kairos-tasks-'));
  const file = join(dir, 'tasks.json');
  const functions = join(dir, 'functions');
  mkdirSync(functions, { mode: 0o755 });
  writeFileSync(join(functions, 'nodejs_crawler.mjs'), CRAWLER, { mode: 0o644 });
  writeFileSync(join(functions, 'python_crawler.py'), '', { mode: 0o644 });
  writeFileSync(
    join(dir, 'kairos.yaml'),
    [
      `task_store: { path: '${join(dir, 'kairos.sqlite')}' }`,
      'http: { port: 0 }',
      `scheduled_tasks: '${file}'`,
      `functions: { dir: '${functions}', python: { interpreter: no-python-here } }`,
      '',
    ].join('\n'),
  );
  if (tasks !== undefined) writeFileSync(file, tasks);
  return { dir, file };
}

/** Runs a command of task-manager in this process. What it says has no trace of where the folder lies. */
export async function taskManager(
  dir: string,
  args: readonly string[],
  p: { readonly display?: Display; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Said> {
  const { display = PIPED, env = {} } = p;
  const out: string[] = [];
  const err: string[] = [];
  const isHelp = args.includes('--help') || args.length === 0;
  const code = await runCommand(
    isHelp ? args : [...args, '--config', join(dir, 'kairos.yaml')],
    {
      env,
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      display: { out: display, err: display },
    },
    'task-manager',
  );
  const bare = (lines: readonly string[]): string => lines.join('\n').replaceAll(`${dir}/`, '');
  return { code, out: bare(out), err: bare(err) };
}
