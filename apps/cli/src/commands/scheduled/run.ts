import { KairosError } from '@kairos/domain';
import { EXIT, printable, type Call, type ExitCode, type Terminal, type Work } from '../../command.ts';
import { chooseEntrance } from '../../door/open-door.ts';
import { flagOf } from '../../options.ts';
import { errOf, outOf } from '../../terminal/display.ts';
import { duration } from '../../terminal/figures.ts';
import { painter } from '../../terminal/style.ts';
import type { Data } from '../ask.ts';
import { dataAt, numberAt, textAt } from '../data.ts';
import { wordOf } from '../task-words.ts';
import { taskNamed } from './find-task.ts';
import { tellBroken } from './list.ts';
import { storeOf } from './logs.ts';
import { LogScreen } from './logs-screen.ts';
import { runHere } from './run-here.ts';
import { runThere } from './run-there.ts';
import { deskOf, readTasks, type Desk } from './tasks-file.ts';
import { tell } from './texts.ts';
import type { LoggedLine } from '@kairos/ports';

/** A run that is wanted, and who watches it. */
export interface RunOrder {
  readonly desk: Desk;
  readonly name: string;
  /** Of the run's logs too; undefined: in memory. */
  readonly store: string | undefined;
  /** Of this process, for what runs in it. */
  readonly env: Terminal['env'];
  readonly signal: AbortSignal;
  readonly onLine: (line: LoggedLine) => void;
  /** Something that a watcher should know. */
  readonly say: (text: string) => void;
}

/** How it went: the run as `list_runs` tells it; undefined where it was interrupted before there was anything to tell. */
export interface RunEnded {
  readonly run: Data | undefined;
  /** Interrupted: in words, what becomes of the run now. */
  readonly interrupted?: string | undefined;
  /** When it is tried again; '' for not at all. */
  readonly retryAt: string;
}

function tookOf(run: Data): string {
  const took = Date.parse(textAt(run, 'ended_at')) - Date.parse(textAt(run, 'started_at'));
  return Number.isNaN(took) ? '' : duration(took);
}

function outcomeLine(call: Call, { language }: Desk, run: Data, name: string): string {
  const outcome = textAt(run, 'outcome');
  const took = tookOf(run);
  const said = tell(took === '' ? 'outcomeOnly' : 'outcome', language, {
    ...{ name: printable(name), took },
    outcome: wordOf(outcome, language),
  });
  return painter(outOf(call.terminal))(outcome === 'succeeded' ? 'green' : 'red', said);
}

/** Indented JSON, every line of it fit for a terminal. */
const jsonLines = (value: unknown): string[] => JSON.stringify(value, null, 2).split('\n').map(printable);

function report(call: Call, p: { readonly order: RunOrder; readonly ended: RunEnded }): ExitCode {
  const { order, ended } = p;
  const { language } = order.desk;
  const { out, err } = call.terminal;
  const { run } = ended;
  if (run && flagOf(call, 'json')) out(JSON.stringify({ task: order.name, ...run }));
  else if (run) {
    out(outcomeLine(call, order.desk, run, order.name));
    if (numberAt(run, 'rows') > 0) out(tell('rowsKept', language, { n: numberAt(run, 'rows') }));
    const { result } = run;
    if (result !== undefined && result !== null)
      for (const line of [tell('result', language), ...jsonLines(result)]) out(line);
  }
  const error = run && dataAt(run, 'error');
  if (error)
    err(
      `${painter(errOf(call.terminal))('red', 'kairos:')} ${textAt(error, 'code')}: ${textAt(error, 'message')}`,
    );
  if (ended.retryAt !== '') err(tell('willRetry', language, { at: ended.retryAt }));
  if (ended.interrupted !== undefined) {
    err(ended.interrupted);
    return EXIT.interrupted;
  }
  return run && textAt(run, 'outcome') === 'succeeded' ? EXIT.ok : EXIT.found;
}

/** `task-manager run NAME` */
export const run: Work = async (call) => {
  const desk = await deskOf(call);
  const { language } = desk;
  const [name = ''] = call.words;
  const read = await readTasks(desk);
  const entry = taskNamed(desk, read, name);
  if (tellBroken(call, desk, read)) return EXIT.found;
  if (!entry.declaration.enabled)
    throw new KairosError('TASK_STOPPED', tell('runDisabled', language, { name: printable(name) }));
  const screen = new LogScreen({ display: errOf(call.terminal), language, headings: false });
  const order: RunOrder = {
    ...{ desk, name },
    store: storeOf(call, desk),
    env: call.terminal.env,
    signal: call.terminal.interruption?.() ?? new AbortController().signal,
    onLine: (line) => screen.lines(line).forEach((text) => call.terminal.err(text)),
    say: (text) => call.terminal.err(text),
  };
  const chosen = await chooseEntrance(call);
  const { choice } = chosen;
  const ended =
    choice.door === 'server'
      ? await runThere(order, { url: choice.url, token: chosen.token })
      : await runHere(order, { path: choice.path, declarations: read.entries.map((e) => e.declaration) });
  return report(call, { order, ended });
};
