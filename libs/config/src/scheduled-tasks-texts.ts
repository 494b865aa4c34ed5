/** Languages in which problems are told. */
export type ProblemLocale = 'en' | 'zh';

/** What is wrong, and how it is mended; `{name}` stands for a value. */
interface ProblemText {
  readonly en: readonly [message: string, remedy: string];
  readonly zh: readonly [message: string, remedy: string];
}

/**
 * Every problem that a file of scheduled tasks can have, by its stable code. Those of a schedule itself have the codes of
 * `@kairos/schedule`.
 */
export const PROBLEM_TEXTS = {
  file_too_long: {
    en: ['the file is longer than {max} characters', 'declare fewer tasks, or make some by create_task'],
    zh: ['文件超过{max}个字符', '减少声明的任务，或改用 create_task 创建'],
  },
  syntax: {
    en: ['not JSON: {expected}', 'correct it here; comments and trailing commas are allowed'],
    zh: ['不是有效的JSON：{expected}', '请在此处改正；允许注释和末尾逗号'],
  },
  too_deep: {
    en: ['values are nested deeper than {max} levels', 'nest them less'],
    zh: ['嵌套超过{max}层', '请减少嵌套'],
  },
  duplicate_key: {
    en: ['"{key}" stands twice in one object; first in line {line}', 'remove one of the two'],
    zh: ['同一对象中“{key}”出现两次，第一次在第{line}行', '删除其中一个'],
  },
  forbidden_name: {
    en: ['"{got}" cannot be used as a name', 'choose another'],
    zh: ['“{got}”不能用作名称', '请换一个'],
  },
  number_out_of_range: {
    en: ['the number is too large to be one', 'write it as text'],
    zh: ['数值过大', '请写成字符串'],
  },
  number_inexact: {
    en: ['a number of so many digits is not kept exactly', 'write it as text'],
    zh: ['该数值位数过多，无法精确保存', '请写成字符串'],
  },
  text_broken: {
    en: ['the text holds half a character (a lone surrogate)', 'write the whole character'],
    zh: ['字符串含有不完整的字符（孤立代理项）', '请写完整的字符'],
  },
  unknown_field: {
    en: ['{field} is not a known field', 'remove it; known here: {known}'],
    zh: ['不认识的字段{field}', '请删除；此处可用：{known}'],
  },
  unknown_field_near: {
    en: ['{field} is not a known field', 'did you mean {near}?'],
    zh: ['不认识的字段{field}', '您是否想用 {near}？'],
  },
  field_of_collect: {
    en: [
      '{field} belongs to collect tasks, and this one runs a function',
      'remove it, or put it into params',
    ],
    zh: ['{field}属于采集任务，而此任务运行函数', '请删除，或放入 params'],
  },
  field_of_function: {
    en: [
      '{field} belongs to tasks that run a function, and this one collects',
      'remove it, or name a function, a runtime and config.taskType instead of a source',
    ],
    zh: ['{field}属于函数任务，而此任务采集行情', '请删除，或改写 function、runtime 和 config.taskType'],
  },
  without_effect: {
    en: ['{field} means nothing for a collect task: Kairos itself does the work', 'remove it'],
    zh: ['{field}对采集任务没有作用：采集由Kairos自身完成', '请删除'],
  },
  missing: {
    en: ['{field} is missing', 'add it, e.g. {example}'],
    zh: ['缺少{field}', '请补上，例如 {example}'],
  },
  text: {
    en: ['{field} must be text{got}', 'write it between double quotes'],
    zh: ['{field}必须是字符串{got}', '请用双引号括起'],
  },
  text_length: {
    en: ['{field} must have 1 to {max} characters{got}', 'write a shorter text, or leave the field out'],
    zh: ['{field}必须有1到{max}个字符{got}', '请缩短，或删除该字段'],
  },
  text_unprintable: {
    en: ['{field} holds control or text-direction characters', 'write it anew without them'],
    zh: ['{field}含有控制字符或方向控制符', '请重新书写'],
  },
  object: {
    en: ['{field} must be an object{got}', 'write it as {"…": …}'],
    zh: ['{field}必须是对象{got}', '请写成 {"…": …}'],
  },
  list: {
    en: ['{field} must be a list{got}', 'write it as […]'],
    zh: ['{field}必须是数组{got}', '请写成 […]'],
  },
  list_length: {
    en: ['{field} must hold 1 to {max} entries', 'add or remove some'],
    zh: ['{field}必须有1到{max}项', '请增减'],
  },
  flag: {
    en: ['{field} must be true or false{got}', 'write true or false, without quotes'],
    zh: ['{field}必须是 true 或 false{got}', '请写 true 或 false，不加引号'],
  },
  whole_number: {
    en: [
      '{field} must be a whole number from {min} to {max}{got}',
      'write a number between these, without quotes',
    ],
    zh: ['{field}必须是{min}到{max}之间的整数{got}', '请写此范围内的数字，不加引号'],
  },
  one_of: {
    en: ['{field} must be one of {options}{got}', 'write one of these'],
    zh: ['{field}必须是以下之一：{options}{got}', '请选其一'],
  },
  name: {
    en: [
      '{field} must have 1 to 128 letters, digits, dots, dashes or underscores, beginning with a letter or digit{got}',
      'rename it',
    ],
    zh: ['{field}必须由1到128个字母、数字、点、横线或下划线组成，以字母或数字开头{got}', '请改名'],
  },
  duplicate_name: {
    en: ['the name "{got}" is taken by the task in line {line}', 'give each task a name of its own'],
    zh: ['名称“{got}”已被第{line}行的任务使用', '请为每个任务取不同的名称'],
  },
  function_name: {
    en: [
      '{field} must be the name of a module: 1 to 64 letters, digits or underscores, beginning with no digit{got}',
      'name the file in the folder of functions without its ending, e.g. python_crawler',
    ],
    zh: [
      '{field}必须是模块名：1到64个字母、数字或下划线，不以数字开头{got}',
      '写函数目录中的文件名，不带扩展名，例如 python_crawler',
    ],
  },
  runtime_unknown: {
    en: ['{field} must be a runtime that can run here{got}', 'write {near}'],
    zh: ['{field}必须是可用的运行时{got}', '请写 {near}'],
  },
  runtime_deprecated: {
    en: ['{got} is no longer offered by the clouds and runs as {near}', 'write {near}'],
    zh: ['云平台已不再提供 {got}，将以 {near} 运行', '请改写为 {near}'],
  },
  identifier: {
    en: ['{field} may hold only letters, digits, and . _ - (in Unicode NFC){got}', 'rename it'],
    zh: ['{field}只能包含字母、汉字、数字和 . _ -（NFC规范形式）{got}', '请改名'],
  },
  symbol: {
    en: [
      '{field} must be an instrument, a selector or an exclusion{got}',
      'write e.g. BTCUSDT, BTC/USDT, */USDT, top:50:USDT or !*UP/USDT',
    ],
    zh: [
      '{field}必须是交易对、选择器或排除项{got}',
      '例如 BTCUSDT、BTC/USDT、*/USDT、top:50:USDT 或 !*UP/USDT',
    ],
  },
  symbol_repeated: {
    en: ['{got} stands twice in the list and is taken once', 'remove one'],
    zh: ['{got}在列表中重复，只取一次', '请删除一个'],
  },
  exclusions_alone: {
    en: ['{field} excludes (!) without a selector to exclude from', 'add a selector, such as */USDT'],
    zh: ['{field}只有排除项（!），没有可排除的对象', '请加上选择器，例如 */USDT'],
  },
  symbol_excluded: {
    en: ['{field} both names and excludes {got}', 'remove one of the two'],
    zh: ['{field}中{got}既被列出又被排除', '请删除其一'],
  },
  timeframe: {
    en: ['{field} must be a timeframe{got}', 'write e.g. 1m, 5m, 1h, 1d, 1w or 1M'],
    zh: ['{field}必须是时间周期{got}', '例如 1m、5m、1h、1d、1w、1M'],
  },
  data_type_unknown: {
    en: ['{field} must be a known kind of data{got}', 'write one of {options}'],
    zh: ['{field}必须是已知的数据类型{got}', '可用：{options}'],
  },
  time: {
    en: ['{field} must be an ISO-8601 time or epoch milliseconds{got}', 'write e.g. "2024-01-01T00:00:00Z"'],
    zh: ['{field}必须是ISO-8601时间或毫秒时间戳{got}', '例如 "2024-01-01T00:00:00Z"'],
  },
  time_zone_missing: {
    en: ['{field} names no zone and is read as UTC', 'add Z, or an offset such as +08:00'],
    zh: ['{field}没有时区，按UTC处理', '请加上 Z 或 +08:00 之类的偏移'],
  },
  time_order: {
    en: ['end_time must be later than start_time', 'correct one of the two'],
    zh: ['end_time必须晚于start_time', '请改正其一'],
  },
  secret_in_file: {
    en: [
      '{field} looks like a secret, and this file is no place for one',
      'put the value into an environment variable, allow its name under functions.env, and read it in the task',
    ],
    zh: [
      '{field}看起来是密钥，不应写在此文件中',
      '请放入环境变量，在 functions.env 中列出变量名，由任务自行读取',
    ],
  },
  too_many_tasks: {
    en: ['the file declares {count} tasks, more than {max}', 'declare fewer'],
    zh: ['文件声明了{count}个任务，超过{max}个', '请减少'],
  },
  more_problems: {
    en: ['and {count} problems more', 'mend those above first'],
    zh: ['另有{count}个问题', '请先解决以上问题'],
  },
  schedule: {
    en: ['{reason}', 'see docs/reference/schedules.md for what can be written'],
    zh: ['{reason}', '写法见 docs/reference/schedules.md'],
  },
  timeout_exceeds_interval: {
    en: [
      'a run may take {timeout} s, and the next slot can come {interval} s after this one; slots that come meanwhile wait or are skipped by "missed"',
      'lower config.timeout, or let it run less often',
    ],
    zh: [
      '一次运行最长{timeout}秒，而相邻两次最短相隔{interval}秒；期间到点的按 missed 处理',
      '请降低 config.timeout，或降低频率',
    ],
  },
  target_rejects: {
    en: ['{target} cannot run it: {reason}', 'change the schedule'],
    zh: ['{target} 无法运行：{reason}', '请修改 schedule'],
  },
  scf_timers: {
    en: [
      'on tencent-scf it would be timer number {count} of its function, and a function has at most {max}: a dispatcher that looks every minute starts it',
      'nothing needs to be done',
    ],
    zh: [
      '在 tencent-scf 上这是同一函数的第{count}个定时触发器，而每个函数最多{max}个：将由每分钟运行的调度器启动',
      '无需处理',
    ],
  },
  scf_memory: {
    en: ['tencent-scf gives a function at most {max} MB, not {memory}', 'lower config.memory'],
    zh: ['tencent-scf 的函数最多{max} MB内存，而不是{memory}', '请降低 config.memory'],
  },
} as const satisfies Readonly<Record<string, ProblemText>>;

export type ProblemCode = keyof typeof PROBLEM_TEXTS;

/** What the JSON reader missed, by the name it gives to the mistake. */
const SYNTAX: Readonly<Record<string, Readonly<Record<ProblemLocale, string>>>> = {
  InvalidSymbol: { en: 'this is no value (true, false, null, or text in quotes)', zh: '此处不是有效的值' },
  InvalidNumberFormat: { en: 'this is no number', zh: '此处不是有效的数字' },
  PropertyNameExpected: { en: 'a field name in double quotes is expected', zh: '此处应为双引号中的字段名' },
  ValueExpected: { en: 'a value is expected', zh: '此处应为一个值' },
  ColonExpected: { en: 'a colon is expected', zh: '此处应为冒号' },
  CommaExpected: { en: 'a comma is expected before this', zh: '此处之前应有逗号' },
  CloseBraceExpected: { en: 'a closing brace } is expected', zh: '此处应为 }' },
  CloseBracketExpected: { en: 'a closing bracket ] is expected', zh: '此处应为 ]' },
  EndOfFileExpected: { en: 'the end of the file is expected', zh: '文件应在此处结束' },
  InvalidCommentToken: { en: 'a comment cannot stand here', zh: '此处不能有注释' },
  UnexpectedEndOfComment: { en: 'the comment is not closed by */', zh: '注释缺少 */' },
  UnexpectedEndOfString: { en: 'the text is not closed by a double quote', zh: '字符串缺少右双引号' },
  UnexpectedEndOfNumber: { en: 'the number ends too early', zh: '数字不完整' },
  InvalidUnicode: { en: '\\u must be followed by four hexadecimal digits', zh: '\\u 后应有四位十六进制数' },
  InvalidEscapeCharacter: { en: 'no such escape after the backslash', zh: '反斜杠后的转义无效' },
  InvalidCharacter: { en: 'a control character must be written as an escape', zh: '控制字符须写成转义形式' },
};

export const syntaxText = (name: string, locale: ProblemLocale): string =>
  SYNTAX[name]?.[locale] ?? (locale === 'zh' ? '语法错误' : 'it cannot be read');
