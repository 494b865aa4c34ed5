import { judgeForTarget, type FileProblem, type ScheduledEntry } from '@kairos/config';
import { resolveSchedule, SCHEDULE_TARGETS, scheduleText, type ScheduleTarget } from '@kairos/schedule';
import {
  EXIT,
  printable,
  UsageError,
  type Call,
  type Display,
  type Language,
  type Work,
} from '../../command.ts';
import { flagOf } from '../../options.ts';
import { outOf } from '../../terminal/display.ts';
import { painter } from '../../terminal/style.ts';
import { table } from '../../terminal/table.ts';
import { checkHandlers } from './handlers.ts';
import { problemLines } from './problems-screen.ts';
import { runtimesHere } from '../../task-runtimes.ts';
import { block, scheduleText as writtenSchedule, tally } from './screens.ts';
import { deskOf, readTasks, type Desk } from './tasks-file.ts';
import { tell } from './texts.ts';

type Mode = 'native' | 'tick' | 'reject';

/** How a target keeps a task's schedule, and what there is to say about it. */
interface Kept {
  readonly target: ScheduleTarget;
  readonly mode: Mode;
  readonly expression?: string | undefined;
  /** Of a mode that is not native, or a note to one that is. */
  readonly reason?: string | undefined;
}

interface KeptTask {
  readonly entry: ScheduledEntry;
  readonly kept: readonly Kept[];
}

/** The targets asked for, in the order of the table. @throws UsageError */
function targetsOf(call: Call): readonly ScheduleTarget[] {
  const given = call.options['target'];
  if (!Array.isArray(given)) return SCHEDULE_TARGETS;
  const wanted = given.map(String);
  const unknown = wanted.find((name) => !SCHEDULE_TARGETS.some((target) => target === name));
  if (unknown !== undefined)
    throw new UsageError({
      en: `--target ${unknown}: must be ${SCHEDULE_TARGETS.join(', ')}`,
      zh: `--target ${unknown}：只能是 ${SCHEDULE_TARGETS.join('、')}`,
    });
  return SCHEDULE_TARGETS.filter((target) => wanted.includes(target));
}

/** A task without a schedule of its own goes by its bars, which only a tick can follow. */
function keptOn(entry: ScheduledEntry, target: ScheduleTarget, language: Language): Kept {
  const { schedule, timezone, frequency } = entry.declaration.content;
  if (schedule === null)
    return target === 'standalone'
      ? { target, mode: 'native', expression: `every ${frequency}` }
      : { target, mode: 'tick', reason: tell('tickBars', language) };
  const found = resolveSchedule({ schedule, timezone }, target);
  const remark = found.mode === 'native' ? found.note : found.reason;
  return {
    target,
    mode: found.mode,
    expression: found.mode === 'native' ? found.expression : undefined,
    reason: remark && scheduleText(remark, language),
  };
}

/** Narrower than this, zones have to go: three targets take half of the line. */
const ROOMY = 84;
const COLOURS = { native: 'green', tick: 'yellow', reject: 'red' } as const;

function scheduleLines(tasks: readonly KeptTask[], targets: readonly ScheduleTarget[], p: Shown): string[] {
  const { language, display } = p;
  const paint = painter(display);
  const zones = (display.width ?? ROOMY) >= ROOMY;
  const firsts = [
    { head: tell('head_task', language), least: 10 },
    { head: tell('head_schedule', language), least: 10 },
    ...(zones ? [{ head: tell('head_zone', language), least: 8 }] : []),
  ];
  return [
    paint('bold', tell('targets', language)),
    '',
    ...table({
      columns: [...firsts, ...targets.map((target) => ({ head: target }))],
      rows: tasks.map(({ entry, kept }) => [
        printable(entry.name),
        writtenSchedule(entry, language),
        ...(zones ? [printable(entry.declaration.content.timezone)] : []),
        ...kept.map(({ mode }) => tell(mode, language)),
      ]),
      width: display.width,
      head: paint,
      mark: display.unicode ? undefined : '...',
      paint: (cell, column, row) => {
        const mode = tasks[row]?.kept[column - firsts.length]?.mode;
        return mode === undefined ? cell : paint(COLOURS[mode], cell);
      },
    }),
    ...reasonLines(tasks, p),
  ];
}

interface Shown {
  readonly language: Language;
  readonly display: Display;
}

/** Each reason once, with the tasks it holds for. */
function reasonLines(tasks: readonly KeptTask[], { language, display }: Shown): string[] {
  const reasons = new Map<string, string[]>();
  for (const { entry, kept } of tasks)
    for (const { target, mode, reason } of kept) {
      if (reason === undefined) continue;
      const text = `${target}, ${tell(mode, language)}: ${reason}`;
      reasons.set(text, [...(reasons.get(text) ?? []), printable(entry.name)]);
    }
  const at = { width: display.width, indent: '    ' };
  return [...reasons].flatMap(([text, names]) => [
    '',
    ...block(text, { ...at, indent: '  ' }),
    ...block(names.join(', '), at),
  ]);
}

/** A problem that each target has is told once. */
function distinct(problems: readonly FileProblem[]): readonly FileProblem[] {
  const seen = new Map<string, FileProblem>();
  for (const p of problems) seen.set(JSON.stringify([p.line, p.column, p.path, p.code, p.message]), p);
  return [...seen.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function verdict(desk: Desk, n: number, problems: readonly FileProblem[]): string {
  const { language } = desk;
  const file = printable(desk.file);
  if (problems.length === 0) return tell('valid', language, { file, n });
  return tell('verdict', language, { file, n, ...tally(problems, language) });
}

/** `task-manager validate` */
export const validate: Work = async (call) => {
  const targets = targetsOf(call);
  const desk = await deskOf(call);
  const { language } = desk;
  const read = await readTasks(desk);
  const runtimes = runtimesHere(call.terminal.env, desk.loaded.config);
  const byLanguage = new Map(runtimes.all.map((runtime) => [runtime.language, runtime]));
  const handlers = await checkHandlers(desk, read, byLanguage).finally(() => runtimes.close());
  const judged = targets.flatMap((target) => judgeForTarget(read.entries, target, language));
  const problems = distinct([...read.problems, ...handlers.problems, ...judged]);
  const tasks = read.entries.map((entry) => ({
    entry,
    kept: targets.map((target) => keptOn(entry, target, language)),
  }));
  const code = problems.some((p) => p.severity === 'error') ? EXIT.found : EXIT.ok;
  if (flagOf(call, 'json')) {
    const schedules = tasks.map(({ entry, kept }) => ({ task: entry.name, targets: kept }));
    const { unchecked } = handlers;
    call.terminal.out(
      JSON.stringify({
        file: desk.file,
        ok: code === EXIT.ok,
        tasks: tasks.length,
        problems,
        unchecked,
        schedules,
      }),
    );
    return code;
  }
  const shown = { language, display: outOf(call.terminal) };
  for (const problem of problems)
    for (const line of [...problemLines(problem, language, shown.display), '']) call.terminal.out(line);
  if (tasks.length > 0) for (const line of scheduleLines(tasks, targets, shown)) call.terminal.out(line);
  for (const text of handlers.unchecked) call.terminal.err(tell('note', language, { text: printable(text) }));
  if (tasks.length > 0) call.terminal.out('');
  call.terminal.out(verdict(desk, read.entries.length, problems));
  return code;
};
