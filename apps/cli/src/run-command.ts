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
import type { ProgramName } from './program.ts';

/** Before the options are parsed, and when they cannot be. */
function languageOf(args: readonly string[], env: Terminal['env']): Language {
  const given = args.flatMap((arg, i) =>
    arg === '--lang' ? [args[i + 1]] : arg.startsWith('--lang=') ? [arg.slice(7)] : [],
  );
  const said = [...given, env['KAIROS_LOCALE']];
  return LANGUAGES.find((known) => said.includes(known)) ?? 'en';
}

/** Where more is told. A question ends a sentence of its own. */
const POINTERS = {
  en: { clause: '; see {name} --help', sentence: ' See {name} --help.' },
  zh: { clause: '；见 {name} --help', sentence: '见 {name} --help。' },
} as const;

/** Who speaks, to whom. */
interface Speaker {
  readonly name: ProgramName;
  readonly language: Language;
  readonly terminal: Terminal;
}

const pointed = (message: string, { language, name }: Speaker): string =>
  message + POINTERS[language][/[?？]$/.test(message) ? 'sentence' : 'clause'].replace('{name}', name);

async function explain(error: unknown, speaker: Speaker): Promise<ExitCode> {
  const { name, language, terminal } = speaker;
  if (error instanceof UsageError) {
    terminal.err(`${name}: ${pointed(printable(error.message), speaker)}`);
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
  return explain(new UsageError(usageError(fault, speaker.language)), speaker);
}

/** Runs what the arguments ask for; answers the exit code. Never rejects. */
export async function runCommand(
  args: readonly string[],
  terminal: Terminal,
  name: ProgramName = 'kairos',
): Promise<ExitCode> {
  const language = languageOf(args, terminal.env);
  const speaker = { name, language, terminal };
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
    if (first === undefined) {
      program.outputHelp();
      return EXIT.usage;
    }
    // `help tasks` is `tasks --help`, as people are used to.
    const asked = first === 'help' ? [...args.slice(1), '--help'] : [...args];
    await program.parseAsync(asked, { from: 'user' });
    return code;
  } catch (error) {
    return isCommanders(error) ? commandersEnd(error, speaker) : explain(error, speaker);
  }
}
