import { addTask, type FileProblem, type ScheduledTaskText } from '@kairos/config';
import { KairosError } from '@kairos/domain';
import { EXIT, printable, UsageError, type Call, type Language, type Work } from '../../command.ts';
import { flagOf, textOf, wholeOf } from '../../options.ts';
import { errOf } from '../../terminal/display.ts';
import { namesIn } from './find-task.ts';
import { problemLines } from './problems-screen.ts';
import { deskOf, editTasks, readTasksText, type Desk } from './tasks-file.ts';
import { taskJson } from './task-json.ts';
import { sceneOf } from './list.ts';
import { tell } from './texts.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Only what was said: what is left out has its default. */
const said = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function paramsOf(call: Call): unknown {
  const given = textOf(call, 'params');
  if (given === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(given);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError({ en: `--params: not JSON: ${why}`, zh: `--params：不是 JSON：${why}` });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UsageError({
      en: `--params: write a JSON object, e.g. '{"symbol": "BTC/USDT"}'`,
      zh: `--params：请写一个 JSON 对象，例如 '{"symbol": "BTC/USDT"}'`,
    });
  return parsed;
}

function wordsOf(call: Call, name: string): readonly string[] | undefined {
  const value = call.options[name];
  return Array.isArray(value) ? value.map(String) : undefined;
}

const common = (call: Call): Fields => ({
  name: textOf(call, 'name'),
  description: textOf(call, 'description'),
});
const timing = (call: Call): Fields => ({
  schedule: textOf(call, 'schedule'),
  timezone: textOf(call, 'timezone'),
  enabled: !flagOf(call, 'disabled'),
});

function needed(call: Call, names: readonly string[]): void {
  const missing = names.filter(
    (name) =>
      textOf(
        call,
        name.replace(/-(\w)/, (_, c: string) => c.toUpperCase()),
      ) === undefined,
  );
  if (missing.length === 0) return;
  const flags = missing.map((name) => `--${name}`);
  throw new UsageError({ en: `add: give ${flags.join(', ')} too`, zh: `add：还缺 ${flags.join('、')}` });
}

function collectEntry(call: Call, words: readonly string[]): Fields {
  needed(call, ['name', 'frequency']);
  const [source, ...symbols] = words;
  if (symbols.length === 0)
    throw new UsageError({
      en: '--collect: write a source and its symbols: --collect binance BTC/USDT',
      zh: '--collect：请写来源和标的：--collect binance BTC/USDT',
    });
  const frequency = textOf(call, 'frequency');
  return said({ ...common(call), source, symbols, frequency, ...timing(call) });
}

function functionEntry(call: Call): Fields {
  needed(call, ['name', 'function', 'runtime', 'schedule', 'task-type']);
  return said({
    ...common(call),
    function: textOf(call, 'function'),
    runtime: textOf(call, 'runtime'),
    ...timing(call),
    config: said({
      taskName: textOf(call, 'taskName'),
      taskType: textOf(call, 'taskType'),
      timeout: wholeOf(call, 'timeout', { min: 1, max: 900 }),
      memory: wholeOf(call, 'memory', { min: 1, max: 1_000_000 }),
    }),
    params: paramsOf(call),
  });
}

/** Fields that only one of the two kinds has. */
const OF_FUNCTIONS = ['function', 'runtime', 'taskType', 'taskName', 'timeout', 'memory', 'params'];

/** The entry that the options describe. @throws UsageError */
export function entryOf(call: Call): Fields {
  const words = wordsOf(call, 'collect');
  if (words === undefined) {
    if (textOf(call, 'frequency') !== undefined)
      throw new UsageError({
        en: '--frequency belongs to --collect SOURCE SYMBOL…',
        zh: '--frequency 只用于 --collect SOURCE SYMBOL…',
      });
    return functionEntry(call);
  }
  const odd = OF_FUNCTIONS.filter((name) => call.options[name] !== undefined);
  if (odd.length === 0) return collectEntry(call, words);
  const flags = odd.map((name) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
  throw new UsageError({
    en: `--collect: a task collects, or runs a function; leave out ${flags.join(', ')}`,
    zh: `--collect：任务或者采集，或者运行函数；请去掉 ${flags.join('、')}`,
  });
}

/** The edited text would not do; nothing was written. */
class Refused extends Error {
  readonly problems: readonly FileProblem[];

  constructor(problems: readonly FileProblem[]) {
    super('refused');
    this.problems = problems;
  }
}

/** Problems that the entry brings: those about it, and those that were not there before. */
function broughtBy(
  name: string,
  before: readonly FileProblem[],
  after: readonly FileProblem[],
): FileProblem[] {
  const known = new Set(before.map((p) => `${p.code} ${p.path} ${p.message}`));
  return after.filter((p) => p.task === name || !known.has(`${p.code} ${p.path} ${p.message}`));
}

function withEntry(
  desk: Desk,
  entry: Fields,
): { edit: (text: string) => string; warnings: () => readonly FileProblem[] } {
  let warnings: readonly FileProblem[] = [];
  const name = String(entry['name']);
  return {
    warnings: () => warnings,
    edit: (text) => {
      const before = readTasksText(desk, text);
      if (namesIn(before).includes(name)) {
        const { file, language } = desk;
        throw new KairosError(
          'TASK_EXISTS',
          tell('nameTaken', language, { file: printable(file), name: printable(name) }),
        );
      }
      const edited = addTask(text, entry as ScheduledTaskText);
      const brought = broughtBy(name, before.problems, readTasksText(desk, edited).problems);
      if (brought.some((p) => p.severity === 'error')) throw new Refused(brought);
      warnings = brought;
      return edited;
    },
  };
}

function tellProblems(call: Call, problems: readonly FileProblem[], language: Language): void {
  for (const problem of problems)
    for (const line of problemLines(problem, language, errOf(call.terminal))) call.terminal.err(line);
}

/** `task-manager add --name … ` */
export const add: Work = async (call) => {
  const entry = entryOf(call);
  const desk = await deskOf(call);
  const { language, file } = desk;
  const { edit, warnings } = withEntry(desk, entry);
  let text: string;
  try {
    text = await editTasks(desk, edit, { create: true });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (flagOf(call, 'json'))
      call.terminal.out(JSON.stringify({ file, added: false, problems: error.problems }));
    else {
      call.terminal.err(tell('wouldNotValidate', language, { file: printable(file) }));
      tellProblems(call, error.problems, language);
    }
    return EXIT.found;
  }
  const name = String(entry['name']);
  if (flagOf(call, 'json')) {
    const made = readTasksText(desk, text).entries.find((e) => e.name === name);
    const task = made && taskJson(made, await sceneOf(call, desk));
    call.terminal.out(JSON.stringify({ file, added: true, task, problems: warnings() }));
    return EXIT.ok;
  }
  call.terminal.out(tell('added', language, { name: printable(name), file: printable(file) }));
  tellProblems(call, warnings(), language);
  call.terminal.err(tell('takenUp', language));
  return EXIT.ok;
};
