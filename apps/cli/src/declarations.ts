import type { Text, Work } from './command.ts';
import {
  option,
  JSON_OUT,
  STORE,
  PLAIN,
  DOOR,
  SPAN,
  SERIES,
  PAGE,
  DERIVE,
  TASK_FIELDS,
  FILTERS,
  type OptionDeclaration,
} from './declared-options.ts';
import { SCHEDULED } from './declared-scheduled.ts';

/** A command as help shows it. What it does is loaded when it is called: help must not wait for it. */
export interface CommandDeclaration {
  readonly name: string;
  /** As commander writes them: `<source> [symbol]`. */
  readonly words: string;
  /** How the words are shown, where commander's writing says less. */
  readonly usage?: string;
  readonly summary: Text;
  readonly options: readonly OptionDeclaration[];
  /** Shown below the options. */
  readonly more?: Text;
  readonly load: () => Promise<Work>;
}

export interface CommandGroup {
  readonly title: Text;
  readonly commands: readonly (CommandDeclaration | ParentDeclaration)[];
}

/** A command that has commands. */
export interface ParentDeclaration {
  readonly name: string;
  readonly summary: Text;
  readonly commands: readonly CommandDeclaration[];
}

const example = (en: string, zh: string, lines: readonly string[]): Text => ({
  en: `${en}\n${lines.map((l) => `  ${l}`).join('\n')}`,
  zh: `${zh}\n${lines.map((l) => `  ${l}`).join('\n')}`,
});

const taskWork = (name: string) => async (): Promise<Work> =>
  (await import('./commands/tasks.ts')).taskCommand(name);

const one = (name: string, en: string, zh: string, more: readonly OptionDeclaration[] = []) => ({
  name,
  words: '<task>',
  summary: { en, zh },
  options: [...more, ...DOOR],
  load: taskWork(name),
});

const TASKS: ParentDeclaration = {
  name: 'tasks',
  summary: { en: 'standing orders: make, find, steer', zh: '长期任务：创建、查找、控制' },
  commands: [
    {
      name: 'create',
      words: '<source> <symbols...>',
      usage: 'SOURCE SYMBOL... TIMEFRAME',
      summary: { en: 'collect series from now on', zh: '从现在起持续采集' },
      options: [
        option('--id <id>', 'name of the task (default: made of its content)', '任务名（默认由内容得出）'),
        ...TASK_FIELDS,
        ...DOOR,
      ],
      more: example('Example:', '例：', ['kairos tasks create binance BTC/USDT ETH/USDT 1m --days 365']),
      load: taskWork('create'),
    },
    {
      name: 'list',
      words: '',
      summary: { en: 'all tasks', zh: '列出任务' },
      options: [...FILTERS, ...PAGE, ...DOOR],
      load: taskWork('list'),
    },
    one('show', 'one task with the progress of its series', '查看任务及各序列的进度'),
    {
      name: 'search',
      words: '<word...>',
      usage: 'WORD...',
      summary: { en: 'tasks that hold every word', zh: '查找包含所有词的任务' },
      options: [...FILTERS, ...PAGE, ...DOOR],
      load: taskWork('search'),
    },
    one('update', 'change what a task collects', '修改任务', [
      option('--source <id>', 'another source', '更换来源'),
      option('--symbols <list>', 'these symbols instead, separated by commas', '替换为这些标的，以逗号分隔'),
      option('--timeframe <text>', 'another timeframe', '更换周期'),
      ...TASK_FIELDS,
      option('--rev <n>', 'only if this is still its revision', '仅当仍为该版本时修改'),
    ]),
    one('delete', 'forget a task; its data stay', '删除任务；数据保留'),
    one('start', 'go on with a stopped task', '继续已停止的任务'),
    one('stop', 'stop a task; it can go on later', '停止任务；之后可继续'),
    one('run', 'run a task now; without a server: here, until it ends', '立即运行；没有服务时在此运行到结束'),
  ],
};

const BACKFILL: CommandDeclaration = {
  name: 'backfill',
  words: '<source> <symbols...>',
  usage: 'SOURCE SYMBOL... TIMEFRAME[,TIMEFRAME] [OPTIONS]',
  summary: { en: 'fetch history once; again: what is missing', zh: '一次性获取历史；再次运行只补缺' },
  options: [
    option('--days <n>', 'so many days up to now (default: 30)', '截至现在的天数（默认 30）'),
    ...SPAN,
    option(
      '--out <file>',
      'export to FILE.csv, .ndjson or .parquet afterwards',
      '完成后导出为 .csv、.ndjson 或 .parquet',
    ),
    option('--force', 'replace a file that is there', '覆盖已有文件'),
    option('--base-url <url>', 'a mirror, or a sandbox, of the source', '来源的镜像或沙箱地址'),
    option(
      '--realm <realm>',
      'what the data of --base-url are called (default: custom:HOST)',
      '--base-url 数据的 realm（默认 custom:主机）',
    ),
    option(
      '--patience <seconds>',
      'how long to wait for a venue that gives nothing new (default: 300)',
      '交易所没有新数据时最多等待的秒数（默认 300）',
    ),
    STORE,
    ...PLAIN,
  ],
  more: {
    en: `Examples:
  kairos backfill binance BTC/USDT 1m --days 365
  kairos backfill sandbox BTC/USDT ETH/USDT 1m,1h --days 7 --out candles.parquet

SOURCE is any exchange of ccxt, a source of the configuration, or sandbox (made up, no network).
No configuration is needed; data go into data/kairos.sqlite. Ctrl-C stops; the same command again goes on.
It may run beside a server: both keep within the rate limit together.`,
    zh: `例：
  kairos backfill binance BTC/USDT 1m --days 365
  kairos backfill sandbox BTC/USDT ETH/USDT 1m,1h --days 7 --out candles.parquet

SOURCE 可以是 ccxt 的任一交易所、配置中的来源，或 sandbox（虚构数据，无需网络）。
无需配置；数据写入 data/kairos.sqlite。Ctrl-C 停止；再次运行同一命令即可继续。
可与服务同时运行：两者共同遵守限速。`,
  },
  load: async () => (await import('./commands/backfill.ts')).backfill,
};

const seriesWords = '<source> <symbol> <timeframe>';

/** Every command, in the order of help. */
export const GROUPS: readonly CommandGroup[] = [
  {
    title: { en: 'Collect:', zh: '采集：' },
    commands: [
      BACKFILL,
      TASKS,
      {
        name: 'runs',
        words: '<task>',
        summary: { en: 'what became of a task’s runs', zh: '任务的运行记录' },
        options: [...PAGE, ...DOOR],
        load: async () => (await import('./commands/runs.ts')).runs,
      },
    ],
  },
  { title: { en: 'Scheduled tasks:', zh: '定时任务：' }, commands: [SCHEDULED] },
  {
    title: { en: 'Look:', zh: '查看：' },
    commands: [
      {
        name: 'coverage',
        words: seriesWords,
        summary: {
          en: 'a picture of what is there, and what is not and why',
          zh: '以图显示已有、缺失及原因',
        },
        options: [
          ...SPAN,
          ...SERIES,
          DERIVE,
          option('--gaps <n>', 'list at most so many gaps (default: 20)', '最多列出的缺口数（默认 20）'),
          option('--ascii', 'no other characters than ASCII', '只用 ASCII 字符'),
          ...DOOR,
        ],
        load: async () => (await import('./commands/coverage.ts')).coverage,
      },
      {
        name: 'findings',
        words: seriesWords,
        summary: { en: 'what was found odd about the data', zh: '数据中发现的异常' },
        options: [
          option('--code <code>', 'of this kind only', '只看该种类'),
          ...SPAN,
          ...SERIES,
          ...PAGE,
          ...DOOR,
        ],
        load: async () => (await import('./commands/findings.ts')).findings,
      },
      {
        name: 'export',
        words: seriesWords,
        summary: { en: 'records as CSV, NDJSON or Parquet', zh: '导出 CSV、NDJSON 或 Parquet' },
        options: [
          option(
            '--format <format>',
            'csv, ndjson or parquet (default: by the name of the file, else csv)',
            'csv、ndjson 或 parquet（默认按文件名，否则 csv）',
          ),
          option(
            '--out <file>',
            'where to; - is standard output (default: named after the series)',
            '输出文件；- 为标准输出（默认以序列命名）',
          ),
          option('--force', 'replace a file that is there', '覆盖已有文件'),
          option('--provisional', 'also rows that may still change', '包括可能变化的行'),
          option('--limit <n>', 'at most so many rows', '最多行数'),
          ...SPAN,
          ...SERIES,
          DERIVE,
          ...DOOR,
        ],
        load: async () => (await import('./commands/export.ts')).exportSeries,
      },
    ],
  },
  {
    title: { en: 'Check:', zh: '检查：' },
    commands: [
      {
        name: 'verify',
        words: '[source] [symbol] [timeframe]',
        usage: '[SOURCE SYMBOL TIMEFRAME] [OPTIONS]',
        summary: { en: 'hold stored candles against other evidence', zh: '用其他证据核对已存的 K 线' },
        options: [
          ...SPAN,
          option(
            '--deep',
            'all longer timeframes up to a day, and the next shorter one throughout',
            '对照一天以内的所有较长周期，并全程对照较短周期',
          ),
          option('--against <source>', 'ask this source too', '另外询问该来源'),
          STORE,
          ...PLAIN,
        ],
        more: {
          en: 'Holds what is stored against longer and shorter bars of the same source, its own sums, and a second source.\nWrites findings and evidence, never a candle. Without words: every series that is stored.',
          zh: '将已存数据与同一来源的其他周期、自身的合计以及第二来源相互核对。\n只写入发现与证据，不改动 K 线。不写参数则核对所有已存序列。',
        },
        load: async () => (await import('./verify.ts')).verify,
      },
      {
        name: 'doctor',
        words: '',
        summary: { en: 'what keeps Kairos from working, and the remedy', zh: '诊断问题并给出办法' },
        options: [
          option(
            '--fsck',
            'read all of the store instead, and say which promises it breaks',
            '改为读取整个存储并检查其承诺',
          ),
          option('--source <id>', 'ask this source only', '只检查该来源'),
          option('--offline', 'ask no venue', '不访问交易所'),
          STORE,
          ...PLAIN,
        ],
        more: {
          en: `Looks at Node, configuration, store, disk, server, proxy, and every source with its clock and keys.
Exit codes: 0 well, 1 violations or a proxy that is away, 2 configuration, 3 store, 4 a venue, 5 server.`,
          zh: `检查 Node、配置、存储、磁盘、服务、代理，以及各来源的连通、时钟与密钥。
退出码：0 正常，1 有违例或代理不可用，2 配置，3 存储，4 交易所，5 服务。`,
        },
        load: async () => (await import('./doctor.ts')).doctor,
      },
    ],
  },
  {
    title: { en: 'For programs:', zh: '供程序使用：' },
    commands: [
      {
        name: 'signal',
        words: '<file>',
        usage: 'FILE|- [OPTIONS]',
        summary: {
          en: 'send JSON signals as they are; several in an array',
          zh: '原样发送 JSON 信号；多个放入数组',
        },
        options: DOOR.filter((o) => o !== JSON_OUT),
        load: async () => (await import('./commands/signal.ts')).signal,
      },
    ],
  },
];
