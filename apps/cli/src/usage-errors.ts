import type { Language } from './command.ts';

/** The part of commander's errors that is read here. */
interface CommanderFault {
  readonly code: string;
  readonly message: string;
}

/** What commander calls each mistake, in Chinese; `$1` and `$2` are what it quotes. */
const ZH: Readonly<Record<string, string>> = {
  'commander.unknownCommand': '没有命令 $1',
  'commander.unknownOption': '没有选项 $1',
  'commander.missingArgument': '缺少参数 $1',
  'commander.optionMissingArgument': '选项 $1 需要一个值',
  'commander.excessArguments': '参数过多',
  'commander.invalidArgument': '参数无效：$1',
};

/** What commander says of a wrong call, in the reader's language. */
export function usageError(fault: CommanderFault, language: Language): string {
  const [told = '', ...rest] = fault.message.replace(/^error: /, '').split('\n');
  const isWord = fault.code === 'commander.missingArgument';
  const first = isWord ? told.replace(/'(\w+)'/, (_all, word: string) => `'${word.toUpperCase()}'`) : told;
  const meant = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(rest.join(' '))?.[1];
  if (language === 'en') {
    const said = first.replace(/^too many arguments for.*?(Expected .*)$/, 'too many words: $1');
    return meant === undefined ? said : `${said}; did you mean ${meant}?`;
  }
  const quoted = [...first.matchAll(/'([^']*)'/g)].map((m) => m[1] ?? '');
  const said = (ZH[fault.code] ?? first).replace(/\$(\d)/g, (_m, n: string) => quoted[Number(n) - 1] ?? '');
  return meant === undefined ? said : `${said}；是否要用 ${meant}？`;
}
