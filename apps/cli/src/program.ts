import { Command } from 'commander';
import type { Call, ExitCode, Language, Terminal, Text } from './command.ts';
import {
  GROUPS,
  type CommandDeclaration,
  type CommandGroup,
  type ParentDeclaration,
} from './declarations.ts';
import { SCHEDULED } from './declared-scheduled.ts';

/** How help measures and breaks lines; given where characters take two columns. */
export interface TextMeasure {
  widthOf(text: string): number;
  wrapped(text: string, width: number): readonly string[];
}

/** The names that the command line goes by: all of it, or the commands about scheduled tasks alone. */
export type ProgramName = 'kairos' | 'task-manager';

export interface ProgramParts {
  readonly name?: ProgramName | undefined;
  readonly language: Language;
  readonly terminal: Terminal;
  readonly measure: TextMeasure | undefined;
  /** Told the exit code once the command has ended. */
  readonly done: (code: ExitCode) => void;
}

const TITLES: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Options:': '选项：',
  'Commands:': '命令：',
  'Arguments:': '参数：',
};
const ABOUT: Text = {
  en: 'Collects market data, completely and provably so.',
  zh: '采集行情数据，完整且可证明。',
};
const FOOT: Text = {
  en: 'Exit codes: 0 done, 1 found or refused, 2 wrong call or configuration, 3 store, 4 venue, 5 server, 130 interrupted.',
  zh: '退出码：0 完成，1 有发现或被拒绝，2 用法或配置错误，3 存储，4 交易所，5 服务，130 被中断。',
};
/** Widest column of a help text that is still pleasant to read. */
const WIDEST = 110;

/** Everything that can be called, in the reader's language. Nothing of what it does is loaded yet. */
export function programOf(parts: ProgramParts): Command {
  const { language, name = 'kairos' } = parts;
  const whole = name === 'kairos';
  const program = styled(new Command(name), parts)
    .description((whole ? ABOUT : SCHEDULED.summary)[language])
    .usage(language === 'en' ? 'COMMAND [OPTIONS]' : '命令 [选项]')
    .helpCommand(false)
    .option('-V, --version', language === 'en' ? 'version' : '版本')
    .addHelpText('after', `\n${FOOT[language]}`);
  if (whole) for (const group of GROUPS) addGroup(program, group, parts);
  else for (const declared of SCHEDULED.commands) program.addCommand(leaf(declared, parts, []));
  return program;
}

function addGroup(program: Command, group: CommandGroup, parts: ProgramParts): void {
  for (const declared of group.commands) {
    const command = 'commands' in declared ? parent(declared, parts) : leaf(declared, parts, []);
    program.addCommand(command.helpGroup(group.title[parts.language]));
  }
}

function parent(declared: ParentDeclaration, parts: ProgramParts): Command {
  const command = styled(new Command(declared.name), parts)
    .summary(declared.summary[parts.language])
    .description(declared.summary[parts.language])
    .usage(parts.language === 'en' ? 'COMMAND [OPTIONS]' : '命令 [选项]')
    .helpCommand(false);
  for (const inner of declared.commands) command.addCommand(leaf(inner, parts, [declared.name]));
  return command;
}

function leaf(declared: CommandDeclaration, parts: ProgramParts, _above: readonly string[]): Command {
  const { language, terminal, done } = parts;
  const command = styled(new Command(declared.name), parts)
    .summary(declared.summary[language])
    .description(declared.summary[language])
    .allowExcessArguments(false);
  if (declared.words !== '') command.arguments(declared.words);
  command.usage(usageOf(declared, language));
  for (const { flags, text } of declared.options) command.option(flags, text[language]);
  if (declared.more) command.addHelpText('after', `\n${declared.more[language]}`);
  return command.action(async () => {
    const work = await declared.load();
    const call: Call = { words: command.args, options: command.opts(), terminal };
    done(await work(call));
  });
}

/** `<source> [symbol]` as people are used to: `SOURCE [SYMBOL] [OPTIONS]`. */
function usageOf({ usage, words }: CommandDeclaration, language: Language): string {
  const shown =
    usage ?? words.replace(/<(\w+)(\.*)>|\[(\w+)\]/g, (all) => all.replace(/[<>]/g, '').toUpperCase());
  const whole = shown.includes('[OPTIONS]') ? shown : `${shown} [OPTIONS]`.trim();
  return language === 'en' ? whole : whole.replace('[OPTIONS]', '[选项]');
}

function styled(command: Command, { language, terminal, measure }: ProgramParts): Command {
  const { out, err } = terminal;
  const width = Math.min(WIDEST, terminal.display?.out.width ?? 100);
  return command
    .exitOverride()
    .helpOption('-h, --help', language === 'en' ? 'this text' : '显示帮助')
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
      // Told by whoever runs the program, in the reader's language.
      outputError: () => undefined,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .configureHelp({
      sortSubcommands: false,
      subcommandTerm: (inner) => inner.name(),
      styleTitle: (title) => (language === 'zh' ? (TITLES[title] ?? title) : title),
      visibleArguments: () => [],
      ...(measure && {
        displayWidth: (text: string) => measure.widthOf(text),
        boxWrap: (text: string, columns: number) =>
          text
            .split('\n')
            .flatMap((line) => measure.wrapped(line, columns))
            .join('\n'),
      }),
    });
}
