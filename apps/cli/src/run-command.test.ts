import { describe, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

/** A call in this process that ends before anything is opened: its exit code, and what standard error shows. */
async function call(
  words: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const args = words === '' ? [] : words.split(' ');
  const code = await runCommand(args, {
    env,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const WRONG: readonly (readonly [words: string, en: string, zh: string])[] = [
  [
    'coverge sandbox BTCUSDT 1h',
    "kairos: unknown command 'coverge'; did you mean coverage? See kairos --help.",
    'kairos: 没有命令 coverge；是否要用 coverage？见 kairos --help。',
  ],
  [
    'tasks lst',
    "kairos: unknown command 'lst'; did you mean list? See kairos tasks --help.",
    'kairos: 没有命令 lst；是否要用 list？见 kairos tasks --help。',
  ],
  [
    'coverage sandbox BTCUSDT 1h --gap 3',
    "kairos: unknown option '--gap'; did you mean --gaps? See kairos coverage --help.",
    'kairos: 没有选项 --gap；是否要用 --gaps？见 kairos coverage --help。',
  ],
  [
    'backfill sandbox',
    "kairos: missing required argument 'SYMBOLS'; see kairos backfill --help",
    'kairos: 缺少参数 SYMBOLS；见 kairos backfill --help',
  ],
  [
    'scheduled enable',
    "kairos: missing required argument 'NAME'; see kairos scheduled enable --help",
    'kairos: 缺少参数 NAME；见 kairos scheduled enable --help',
  ],
  [
    'doctor now',
    'kairos: too many words: 0 expected, 1 given; see kairos doctor --help',
    'kairos: 参数过多：应为 0 个，写了 1 个；见 kairos doctor --help',
  ],
  [
    'backfill sandbox BTCUSDT 1h --days',
    "kairos: option '--days <n>' wants a value; see kairos backfill --help",
    'kairos: 选项 --days <n> 需要一个值；见 kairos backfill --help',
  ],
  [
    'export sandbox BTCUSDT 1h --format xlsx',
    'kairos: --format xlsx: must be csv, ndjson or parquet; see kairos export --help',
    'kairos: --format xlsx：只能是 csv、ndjson 或 parquet；见 kairos export --help',
  ],
  [
    'export sandbox BTCUSDT hourly',
    'kairos: hourly is no timeframe such as 1m, 1h or 1d; see kairos export --help',
    'kairos: hourly 不是周期；例如 1m、1h、1d；见 kairos export --help',
  ],
  [
    'coverage sandbox BTCUSDT 1h --from yesterday',
    'kairos: --from yesterday: write 2024-01-31 or 2024-01-31T10:00:00Z; see kairos coverage --help',
    'kairos: --from yesterday：请写成 2024-01-31 或 2024-01-31T10:00:00Z；见 kairos coverage --help',
  ],
];

describe('a wrong call', () => {
  it.each(WRONG)('%s is refused with its remedy, in both languages', async (words, en, zh) => {
    expect(await call(words)).toEqual({ code: 2, out: '', err: en });
    expect(await call(words, { KAIROS_LOCALE: 'zh' })).toEqual({ code: 2, out: '', err: zh });
  });
});

describe('the language of a wrong call', () => {
  const wrong = 'doctor now';
  const [EN, ZH] = [/too many words/, /参数过多/];

  it.each([
    ['--lang', `${wrong} --lang zh`, {}, ZH],
    ['--lang before the command', `--lang zh ${wrong}`, {}, ZH],
    ['--lang= before the command', `--lang=zh ${wrong}`, {}, ZH],
    ['--lang rather than KAIROS_LOCALE', `${wrong} --lang en`, { KAIROS_LOCALE: 'zh' }, EN],
    ['KAIROS_LOCALE', wrong, { KAIROS_LOCALE: 'zh' }, ZH],
    ['KAIROS_LOCALE rather than LANG', wrong, { KAIROS_LOCALE: 'en', LANG: 'zh_CN.UTF-8' }, EN],
    ['LANG', wrong, { LANG: 'zh_CN.UTF-8' }, ZH],
    ['LC_ALL rather than LANG', wrong, { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, EN],
    ['a language of the system that is not spoken', wrong, { LANG: 'fr_FR.UTF-8' }, EN],
    ['nothing', wrong, {}, EN],
  ])('is taken from %s', async (_from, words, env, said) => {
    expect((await call(words, env)).err).toMatch(said);
  });

  it('alone is a call without a command, told in that language', async () => {
    expect(await call('--lang zh')).toMatchObject({
      code: 2,
      out: expect.stringContaining('用法') as string,
    });
  });
});
