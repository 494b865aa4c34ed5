import type { Language, Text } from './command.ts';

/** The part of commander's errors that is read here. */
interface CommanderFault {
  readonly code: string;
  readonly message: string;
}

/** Each mistake that commander finds; `$1` and `$2` are what it quotes, or counts. */
const SAID: Readonly<Record<string, Text>> = {
  'commander.unknownCommand': { en: "unknown command '$1'", zh: '没有命令 $1' },
  'commander.unknownOption': { en: "unknown option '$1'", zh: '没有选项 $1' },
  'commander.missingArgument': { en: "missing required argument '$1'", zh: '缺少参数 $1' },
  'commander.optionMissingArgument': { en: "option '$1' wants a value", zh: '选项 $1 需要一个值' },
  'commander.excessArguments': {
    en: 'too many words: $1 expected, $2 given',
    zh: '参数过多：应为 $1 个，写了 $2 个',
  },
};

/** What commander quotes; of superfluous words how many were expected, and how many came. */
function namedIn({ code, message }: CommanderFault): readonly string[] {
  const pattern = code === 'commander.excessArguments' ? /\b(\d+)\b/g : /'([^']*)'/g;
  const [first = ''] = (message.match(/Expected .*$/m) ?? [message.split('\n')[0] ?? '']).slice(0, 1);
  const named = [...first.matchAll(pattern)].map((m) => m[1] ?? '');
  // Help writes words in capitals.
  return code === 'commander.missingArgument' ? named.map((word) => word.toUpperCase()) : named;
}

/** What commander says of a wrong call, in both languages. */
export function usageError(fault: CommanderFault): Text {
  const named = namedIn(fault);
  const plain = (fault.message.split('\n')[0] ?? '').replace(/^error: /, '');
  const filled = (language: Language): string =>
    SAID[fault.code]?.[language].replace(/\$(\d)/g, (_m, n: string) => named[Number(n) - 1] ?? '') ?? plain;
  const meant = /\(Did you mean (?:one of )?(.+?)\?\)/.exec(fault.message)?.[1];
  if (meant === undefined) return { en: filled('en'), zh: filled('zh') };
  return {
    en: `${filled('en')}; did you mean ${meant}?`,
    zh: `${filled('zh')}；是否要用 ${meant.replaceAll(', ', '、')}？`,
  };
}
