import { ConfigError, KairosError, SourceError } from '@kairos/domain';
import {
  EXIT,
  LANGUAGES,
  printable,
  UsageError,
  type Command,
  type ExitCode,
  type Language,
  type Terminal,
} from './command.ts';
import { doctor } from './doctor.ts';
import { verify } from './verify.ts';

const COMMANDS: readonly Command[] = [doctor, verify];

const HEAD: Readonly<Record<Language, string>> = {
  en: 'Usage: kairos COMMAND [OPTIONS]   (kairos COMMAND --help tells more)\n',
  zh: '用法：kairos 命令 [选项]   （kairos 命令 --help 查看详情）\n',
};

/** Before the options are parsed, and when they cannot be. */
function languageOf(args: readonly string[]): Language {
  const given = args.flatMap((arg, i) =>
    arg === '--lang' ? [args[i + 1]] : arg.startsWith('--lang=') ? [arg.slice(7)] : [],
  );
  return LANGUAGES.find((known) => given.includes(known)) ?? 'en';
}

const usage = (language: Language): string =>
  [HEAD[language], ...COMMANDS.map((c) => `  ${c.name.padEnd(12)}${c.summary[language]}`)].join('\n');

const isHelp = (arg: string): boolean => arg === '--help' || arg === '-h' || arg === 'help';

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof UsageError) {
    terminal.err(`kairos: ${printable(error.message)}; see kairos --help`);
    return EXIT.usage;
  }
  if (KairosError.is(error)) {
    terminal.err(`kairos: ${error.code}: ${printable(error.message)}`);
    return error instanceof ConfigError ? EXIT.usage : error instanceof SourceError ? EXIT.venue : EXIT.store;
  }
  terminal.err(`kairos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.internal;
}

/** Runs what the arguments ask for; answers the exit code. Never rejects. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  try {
    if (name === undefined || isHelp(name)) {
      terminal.out(usage(languageOf(args)));
      return name === undefined ? EXIT.usage : EXIT.ok;
    }
    const command = COMMANDS.find((c) => c.name === name);
    if (!command) throw new UsageError(`there is no command ${name}`);
    return await command.run(rest, terminal);
  } catch (error) {
    return explain(error, terminal);
  }
}
