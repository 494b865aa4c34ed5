import { existsSync } from 'node:fs';
import { ConfigError } from '@kairos/domain';
import type { LoggedLine } from '@kairos/ports';
import { EXIT, printable, type Call, type Work } from '../../command.ts';
import { logsBeside } from '../../run-logs.ts';
import { flagOf, textOf, wholeOf } from '../../options.ts';
import { outOf } from '../../terminal/display.ts';
import { taskNamed } from './find-task.ts';
import { lineJson, LogScreen } from './logs-screen.ts';
import { deskOf, readTasks, type Desk } from './tasks-file.ts';
import { tell } from './texts.ts';

const USUAL = 200;
const MOST = 100_000;

/** The store whose runs are meant: the one that is named, else the configured one. Undefined: it is kept in memory. */
export function storeOf(call: Call, { loaded }: Desk): string | undefined {
  const { type, path } = loaded.config.taskStore;
  return textOf(call, 'store') ?? (type === 'sqlite' ? path : undefined);
}

/** A task that is no longer in the file may have said much: only a name that nobody ever heard is refused. */
async function checkName(desk: Desk, name: string, lines: readonly LoggedLine[]): Promise<void> {
  if (lines.length > 0 || !existsSync(desk.file)) return;
  taskNamed(desk, await readTasks(desk), name);
}

const none = (desk: Desk, name: string, run: string | undefined): string =>
  run === undefined
    ? tell('noLogs', desk.language, { name: printable(name) })
    : tell('noLogsOfRun', desk.language, { run: printable(run) });

/** `task-manager logs NAME`. */
export const logs: Work = async (call) => {
  const desk = await deskOf(call);
  const store = storeOf(call, desk);
  if (store === undefined) throw new ConfigError(tell('noFiles', desk.language), { file: desk.loaded.file });
  const opened = logsBeside(store);
  const [taskId = ''] = call.words;
  const runId = textOf(call, 'run');
  const limit = wholeOf(call, 'count', { min: 0, max: MOST }) ?? USUAL;
  const json = flagOf(call, 'json');
  const lines = await opened.read({ taskId, runId, limit });
  await checkName(desk, taskId, lines);
  if (flagOf(call, 'follow')) {
    const signal = call.terminal.interruption?.() ?? new AbortController().signal;
    await pour(call, desk, opened.follow({ taskId, runId, last: limit, signal }));
    return EXIT.ok;
  }
  if (json) call.terminal.out(JSON.stringify({ task: taskId, lines: lines.map(lineJson) }));
  else if (lines.length === 0) call.terminal.err(none(desk, taskId, runId));
  else await pour(call, desk, lines);
  return EXIT.ok;
};

/** Prints lines as they come: for programs one JSON value a line. */
async function pour(
  call: Call,
  { language }: Desk,
  lines: AsyncIterable<LoggedLine> | Iterable<LoggedLine>,
): Promise<void> {
  const screen = new LogScreen({ display: outOf(call.terminal), language, headings: true });
  const json = flagOf(call, 'json');
  for await (const line of lines)
    for (const text of json ? [JSON.stringify(lineJson(line))] : screen.lines(line)) call.terminal.out(text);
}
