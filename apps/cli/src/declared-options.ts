import type { Text } from './command.ts';

export interface OptionDeclaration {
  /** As commander writes them: `-v, --verbose`, `--days <n>`. */
  readonly flags: string;
  readonly text: Text;
}

/** An option in both languages. */
export const option = (flags: string, en: string, zh: string): OptionDeclaration => ({
  flags,
  text: { en, zh },
});

const CONFIG = option(
  '--config <file>',
  'configuration (default: $KAIROS_CONFIG, else config/standalone.yaml)',
  '配置文件（默认 $KAIROS_CONFIG，否则 config/standalone.yaml）',
);
const LANG = option(
  '--lang <en|zh>',
  "language (default: the configuration's locale, else en)",
  '语言（默认取配置的 locale，否则为 en）',
);
export const JSON_OUT = option('--json', 'one JSON value instead of text', '输出 JSON 而不是文字');
export const STORE = option(
  '--store <path>',
  'open this store, whatever is configured',
  '打开该存储，不看配置',
);
export const PLAIN = [CONFIG, JSON_OUT, LANG];
/** Of commands that go through a running server, or into the store. */
export const DOOR = [
  option('--server <url>', 'ask this server and no other', '只访问该服务'),
  STORE,
  CONFIG,
  JSON_OUT,
  LANG,
  option('-v, --verbose', 'say which server or store is used', '说明使用了哪个服务或存储'),
];
export const SPAN = [
  option(
    '--from <time>',
    'from here on: 2024-01-31, or 2024-01-31T10:00:00Z',
    '起点：2024-01-31 或 2024-01-31T10:00:00Z',
  ),
  option('--to <time>', 'up to here, exclusive', '终点（不含）'),
];
export const SERIES = [
  option('--type <type>', 'kind of record (default: kline)', '记录种类（默认 kline）'),
  option('--realm <realm>', "world of the data (default: the source's)", '数据所属的 realm（默认取来源的）'),
  option('--price <kind>', 'last, mark or index', 'last、mark 或 index'),
];
export const PAGE = [
  option('--limit <n>', 'at most so many (default: 100)', '最多条数（默认 100）'),
  option('--cursor <text>', 'go on where the last page ended', '从上一页末尾继续'),
];
export const DERIVE = option(
  '--derive [timeframe]',
  'make the timeframe out of stored finer candles',
  '由已存的较短周期合成该周期',
);

export const TASK_FIELDS = [
  option('--project <id>', 'project (default when creating: default)', '项目（创建时默认 default）'),
  option('--dataset <id>', 'dataset (default when creating: SOURCE-TYPE)', '数据集（创建时默认 来源-种类）'),
  option('--type <type>', 'kind of record (default when creating: kline)', '记录种类（创建时默认 kline）'),
  option('--start <time>', 'collect from here on', '从此时开始采集'),
  option('--end <time>', 'up to here; without: for ever', '到此为止；不写则一直采集'),
  option('--days <n>', 'history before the creation, in days (default: 30)', '创建之前的历史天数（默认 30）'),
  option('--schedule <text>', 'when to run, e.g. "rate(5 minutes)"', '运行计划，例如 "rate(5 minutes)"'),
  option('--batch-size <n>', 'at most so many records uncommitted', '最多允许多少条记录未提交'),
  option('--price <kind>', 'last, mark or index', 'last、mark 或 index'),
  option('--confirm-large', 'more than 100 million records are meant', '确认计划超过一亿条记录'),
];
export const FILTERS = [
  option('--status <status>', 'pending, running, completed, failed or stopped', '按状态筛选'),
  option('--source <id>', 'of this source', '按来源筛选'),
  option('--project <id>', 'of this project', '按项目筛选'),
  option('--dataset <id>', 'of this dataset', '按数据集筛选'),
  option('--type <type>', 'of this kind of record', '按记录种类筛选'),
];
