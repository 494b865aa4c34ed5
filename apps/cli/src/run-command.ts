import {
  EXIT,
  LANGUAGES,
  printable,
  ServerError,
  UsageError,
  type ExitCode,
  type Language,
  type Terminal,
} from './command.ts';
import type { Command } from 'commander';
import type { ProgramName } from './program.ts';

/**
 * Before the options are parsed, and when they cannot be: what is asked for, else what is set, else the language of the
 * system. The configuration is not read for it: that it cannot be may be what there is to tell.
 */
function languageOf(args: readonly string[], env: Terminal['env']): Language {
  const given = args.flatMap((arg, i) =>
    arg === '--lang' ? [args[i + 1]] : arg.startsWith('--lang=') ? [arg.slice(7)] : [],
  );
  const said = [given.at(-1), env['KAIROS_LOCALE']].find((one) => LANGUAGES.some((known) => known === one));
  const system = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return LANGUAGES.find((known) => known === (said ?? system.slice(0, 2).toLowerCase())) ?? 'en';
}

/** `kairos --lang zh tasks list`, as people write what holds for everything: commander wants it behind the command. */
function languageLast(args: readonly string[]): readonly string[] {
  const [first = '', second] = args;
  if (first.startsWith('--lang=')) return [...args.slice(1), first];
  return first === '--lang' && second !== undefined ? [...args.slice(2), first, second] : args;
}

/** The words of a call that name its command: `tasks list`. */
function commandPath(program: Command, args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  const inner = program.commands.find((command) => command.name() === first);
  return inner ? [inner.name(), ...commandPath(inner, rest)] : [];
}

/** Where more is told. A question ends a sentence of its own. */
const POINTERS = {
  en: { clause: '; see {name} --help', sentence: ' See {name} --help.' },
  zh: { clause: '；见 {name} --help', sentence: '见 {name} --help。' },
} as const;

/** Who speaks, to whom. */
interface Speaker {
  readonly name: ProgramName;
  /** Of the command that was called, as far as it is one: `tasks list`. */
  readonly path: readonly string[];
  readonly language: Language;
  readonly terminal: Terminal;
}

const pointed = (message: string, { language, name, path }: Speaker): string =>
  message +
  POINTERS[language][/[?？]$/.test(message) ? 'sentence' : 'clause'].replace(
    '{name}',
    [name, ...path].join(' '),
  );

async function explain(error: unknown, speaker: Speaker): Promise<ExitCode> {
  const { name, language, terminal } = speaker;
  if (error instanceof UsageError) {
    terminal.err(`${name}: ${pointed(printable(error.text[language]), speaker)}`);
    return EXIT.usage;
  }
  if (error instanceof ServerError) {
    terminal.err(`${name}: ${printable(error.message)}`);
    return EXIT.server;
  }
  const { explainFailure } = await import('./explain-failure.ts');
  return explainFailure(error, language, terminal);
}

interface Thrown {
  readonly code: string;
  readonly message: string;
}

const isCommanders = (error: unknown): error is Thrown =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  error.code.startsWith('commander.');

/** What commander ended early for: help was shown, or the call is wrong. */
async function commandersEnd(fault: Thrown, speaker: Speaker): Promise<ExitCode> {
  if (fault.code === 'commander.helpDisplayed') return EXIT.ok;
  // Help because nothing was asked for.
  if (fault.code === 'commander.help') return EXIT.usage;
  const { usageError } = await import('./usage-errors.ts');
  return explain(new UsageError(usageError(fault)), speaker);
}

/** Runs what the arguments ask for; answers the exit code. Never rejects. */
export async function runCommand(
  given: readonly string[],
  terminal: Terminal,
  name: ProgramName = 'kairos',
): Promise<ExitCode> {
  const args = languageLast(given);
  const language = languageOf(args, terminal.env);
  let path: readonly string[] = [];
  let code: ExitCode = EXIT.ok;
  try {
    const [first] = args;
    if (first === '--version' || first === '-V') {
      const { version } = await import('./version.ts');
      terminal.out(version());
      return EXIT.ok;
    }
    const { programOf } = await import('./program.ts');
    const measure = language === 'zh' ? await import('./terminal/text-width.ts') : undefined;
    const program = programOf({ name, language, terminal, measure, done: (ended) => (code = ended) });
    path = commandPath(program, args);
    if (first === undefined || first.startsWith('--lang')) {
      program.outputHelp();
      return EXIT.usage;
    }
    // `help tasks` is `tasks --help`, as people are used to.
    const asked = first === 'help' ? [...args.slice(1), '--help'] : [...args];
    await program.parseAsync(asked, { from: 'user' });
    return code;
  } catch (error) {
    const speaker: Speaker = { name, path, language, terminal };
    return isCommanders(error) ? commandersEnd(error, speaker) : explain(error, speaker);
  }
}
