import type { Text, Work } from './command.ts';
import { DOOR, option, PLAIN, STORE, type OptionDeclaration } from './declared-options.ts';

/** The commands about the file of scheduled tasks, as help shows them. */

const FILE = option(
  '--file <file>',
  'file of tasks (default: scheduled_tasks of the configuration, else config/scheduled-tasks.json)',
  '任务文件（默认取配置的 scheduled_tasks，否则 config/scheduled-tasks.json）',
);
const COMMON = [FILE, ...PLAIN];

const work = (name: string) => async (): Promise<Work> =>
  (await import('./commands/scheduled/index.ts')).scheduledCommand(name);

const lines = (en: string, zh: string, examples: readonly string[]): Text => ({
  en: `${en}\n${examples.map((l) => `  ${l}`).join('\n')}`,
  zh: `${zh}\n${examples.map((l) => `  ${l}`).join('\n')}`,
});

interface Declared {
  readonly name: string;
  readonly words: string;
  readonly usage?: string;
  readonly summary: Text;
  readonly options: readonly OptionDeclaration[];
  readonly more?: Text;
  readonly load: () => Promise<Work>;
}

const command = (p: {
  readonly name: string;
  readonly words?: string;
  readonly usage?: string;
  readonly en: string;
  readonly zh: string;
  readonly options?: readonly OptionDeclaration[];
  readonly more?: Text;
}): Declared => ({
  name: p.name,
  words: p.words ?? '',
  ...(p.usage !== undefined && { usage: p.usage }),
  summary: { en: p.en, zh: p.zh },
  options: p.options ?? COMMON,
  ...(p.more && { more: p.more }),
  load: work(p.name),
});

const ADD_OPTIONS = [
  option('--name <name>', 'name of the task, unique in the file', '任务名，在文件中唯一'),
  option(
    '--function <module>',
    'module in the folder of functions, e.g. python_crawler',
    '函数模块，例如 python_crawler',
  ),
  option(
    '--runtime <runtime>',
    'python3.11, nodejs22.x, or python or nodejs alone',
    'python3.11、nodejs22.x，或只写 python、nodejs',
  ),
  option(
    '--schedule <text>',
    'rate(5 minutes), cron(0 18 * * ? *) or at(2026-12-24T18:00:00)',
    'rate(5 minutes)、cron(0 18 * * ? *) 或 at(2026-12-24T18:00:00)',
  ),
  option('--task-type <type>', 'which task type of the function', '函数的任务类型'),
  option(
    '--task-name <text>',
    "the function's own name for the task (default: NAME)",
    '传给函数的任务名（默认同任务名）',
  ),
  option(
    '--timezone <zone>',
    'IANA zone of cron() and at() (default: UTC)',
    'cron() 与 at() 的 IANA 时区（默认 UTC）',
  ),
  option('--timeout <seconds>', 'longest run (default: 300)', '最长运行秒数（默认 300）'),
  option('--memory <mb>', 'memory of a run in megabytes (default: 512)', '每次运行的内存，MB（默认 512）'),
  option('--params <json>', 'JSON object handed to the function', '传给函数的 JSON 对象'),
  option('--description <text>', 'for people', '说明'),
  option('--disabled', 'add it disabled', '添加时停用'),
  option(
    '--collect <words...>',
    'collect market data instead: SOURCE SYMBOL...',
    '改为采集行情：SOURCE SYMBOL...',
  ),
  option('--frequency <timeframe>', 'of --collect: 1m, 1h, 1d and so on', '--collect 的周期：1m、1h、1d 等'),
];

const COUNT = (usual: string, zh: string): OptionDeclaration =>
  option('-n, --count <n>', `how many (default: ${usual})`, `${zh}（默认 ${usual}）`);

/** What runs needs to find a server or a store; the rest it has in common. */
const RUN_OPTIONS = [FILE, ...DOOR];

export const SCHEDULED = {
  name: 'scheduled',
  summary: {
    en: 'tasks of config/scheduled-tasks.json: list, check, change, run',
    zh: 'config/scheduled-tasks.json 中的定时任务：列出、检查、修改、运行',
  },
  commands: [
    command({ name: 'list', en: 'all tasks, and when each runs next', zh: '列出任务及下次运行时间' }),
    command({
      name: 'validate',
      en: 'what is wrong with the file, where, and the remedy',
      zh: '检查文件：问题、位置与改正办法',
      options: [
        option(
          '--target <target...>',
          'judge for standalone, aws-lambda or tencent-scf (default: all)',
          '按 standalone、aws-lambda 或 tencent-scf 检查（默认全部）',
        ),
        ...COMMON,
      ],
      more: {
        en: 'native: the target keeps the schedule itself; tick: it asks every minute what is due; reject: it cannot.\nExit codes: 0 nothing wrong, or warnings only; 1 errors.',
        zh: '原生：由该平台自身保持计划；轮询：每分钟询问到期任务；不支持：无法运行。\n退出码：0 没有错误（可有警告），1 有错误。',
      },
    }),
    command({ name: 'enable', words: '<name...>', usage: 'NAME...', en: 'switch tasks on', zh: '启用任务' }),
    command({
      name: 'disable',
      words: '<name...>',
      usage: 'NAME...',
      en: 'switch tasks off',
      zh: '停用任务',
    }),
    command({
      name: 'add',
      en: 'add a task to the file',
      zh: '添加任务',
      options: [...ADD_OPTIONS, ...COMMON],
      more: lines('Examples:', '例：', [
        'task-manager add --name hourly --function python_crawler --runtime python3.11 \\',
        '    --task-type simple_task_1 --schedule "rate(1 hour)"',
        'task-manager add --name btc --collect binance BTC/USDT ETH/USDT --frequency 1m',
      ]),
    }),
    command({
      name: 'remove',
      words: '<name>',
      en: 'take a task out of the file; its data stay',
      zh: '从文件中移除任务；数据保留',
    }),
    command({
      name: 'run',
      words: '<name>',
      en: 'run a task now and follow it',
      zh: '立即运行任务并跟随输出',
      options: RUN_OPTIONS,
      more: {
        en: 'A running server runs it; without one it runs here, in this process.\nExit codes: 0 succeeded, 1 failed.',
        zh: '有服务时由服务运行；没有服务时在此进程中运行。\n退出码：0 成功，1 失败。',
      },
    }),
    command({
      name: 'next',
      words: '[name]',
      usage: 'NAME|--all',
      en: 'when a task runs, in its zone, in UTC and in words',
      zh: '任务的运行时间：按其时区、UTC 及文字说明',
      options: [option('--all', 'of every task', '所有任务'), COUNT('5', '条数'), ...COMMON],
    }),
    command({
      name: 'logs',
      words: '<name>',
      en: 'what its runs said',
      zh: '查看任务的运行日志',
      options: [
        option('--run <id>', 'of this run only', '只看该次运行'),
        COUNT('200', '最多行数'),
        option('-f, --follow', 'go on as lines come; Ctrl-C ends', '持续输出；Ctrl-C 结束'),
        FILE,
        STORE,
        ...PLAIN,
      ],
    }),
  ],
} as const;
