/** Languages in which schedules are spoken of. */
export type ScheduleLocale = 'en' | 'zh';

type Text = Readonly<Record<ScheduleLocale, string>>;

/** `{name}` stands for a parameter. Codes of issues and warnings first, then what the targets say. */
const TEXTS: Readonly<Record<string, Text>> = {
  schedule_unknown: {
    en: '"{got}" is no schedule; write rate(5 minutes), cron(0 18 * * ? *) or at(2026-12-31T18:00:00), in lower case and without spaces around',
    zh: '“{got}”不是调度表达式；请写成 rate(5 minutes)、cron(0 18 * * ? *) 或 at(2026-12-31T18:00:00)，小写且前后不留空格',
  },
  schedule_long: {
    en: 'the schedule has {got} characters; at most {max} are allowed',
    zh: '调度表达式有{got}个字符，最多允许{max}个',
  },
  schedule_not_rate: { en: '"{got}" is no rate(…)', zh: '“{got}”不是 rate(…)' },
  schedule_rate_shape: {
    en: '"{got}": a rate is a whole number, one space and a unit, e.g. rate(5 minutes)',
    zh: '“{got}”：rate 由一个整数、一个空格和单位组成，例如 rate(5 minutes)',
  },
  schedule_rate_unit: {
    en: '"{got}": {value} is no unit of a rate; the units are minute(s), hour(s), day(s), and nothing shorter than a minute',
    zh: '“{got}”：{value}不是 rate 的单位；单位为 minute(s)、hour(s)、day(s)，最短一分钟',
  },
  schedule_rate_value: {
    en: '"{got}": {value} must be a whole number from 1 to 9999999',
    zh: '“{got}”：{value}必须是1到9999999的整数',
  },
  schedule_rate_zero: {
    en: '"{got}": a rate of 0 never runs; from 1 on',
    zh: '“{got}”：rate 不能为0，至少为1',
  },
  schedule_rate_number: {
    en: '"{got}": the unit must agree with its number; write {mend}',
    zh: '“{got}”：单位的单复数须与数值一致；请写 {mend}',
  },
  schedule_cron_fields: {
    en: 'a cron has six fields (minutes hours day-of-month month day-of-week year; no seconds), this one has {got}; for example {mend}',
    zh: 'cron 须有六个字段（分 时 日 月 周 年，没有秒），这里有{got}个；例如 {mend}',
  },
  schedule_cron_both_days: {
    en: 'day-of-month and day-of-week cannot both be given ({value}, column {position}): one of them must be ?; for example {mend}',
    zh: '日和周不能同时给出（{value}，第{position}列）：其中一个必须是 ?；例如 {mend}',
  },
  schedule_cron_no_days: {
    en: 'day-of-month and day-of-week cannot both be ? (column {position}); for example {mend}',
    zh: '日和周不能同时为 ?（第{position}列）；例如 {mend}',
  },
  schedule_cron_question: {
    en: '{field} "{value}" (column {position}): ? may stand only alone, and only as day-of-month or day-of-week; write * for every value',
    zh: '{field}“{value}”（第{position}列）：? 只能单独用于日或周字段；任意值请写 *',
  },
  schedule_cron_value: {
    en: '{field} "{value}" (column {position}) is outside of {range}',
    zh: '{field}“{value}”（第{position}列）超出范围 {range}',
  },
  schedule_cron_wildcard: {
    en: '{field} "{value}" (column {position}): this field knows only {range} and {wildcards}',
    zh: '{field}“{value}”（第{position}列）：该字段只允许 {range} 以及 {wildcards}',
  },
  schedule_cron_step: {
    en: '{field} "{value}" (column {position}): the step after / must be one whole number from 1 on, e.g. 0/5',
    zh: '{field}“{value}”（第{position}列）：/ 后面的步长必须是一个不小于1的整数，例如 0/5',
  },
  schedule_cron_range: {
    en: '{field} "{value}" (column {position}): the range ends before it begins',
    zh: '{field}“{value}”（第{position}列）：范围的终点早于起点',
  },
  schedule_cron_nth: {
    en: '{field} "{value}" (column {position}): write weekday#n with n from 1 to 5, e.g. 3#2 for the second Tuesday',
    zh: '{field}“{value}”（第{position}列）：请写 星期#n，n 为1到5，例如 3#2 表示第二个星期二',
  },
  schedule_cron_nth_list: {
    en: '{field} "{value}" (column {position}): with # the field holds one expression only; make a second task of the other',
    zh: '{field}“{value}”（第{position}列）：使用 # 时该字段只能有一个表达式；其余请另建任务',
  },
  schedule_cron_empty: {
    en: '{field} "{value}" (column {position}): a value is missing between the commas',
    zh: '{field}“{value}”（第{position}列）：逗号之间缺少值',
  },
  schedule_at_shape: {
    en: '"{got}": write at(yyyy-mm-ddThh:mm:ss), local to the zone, without offset, e.g. at(2026-12-31T18:00:00)',
    zh: '“{got}”：请写 at(yyyy-mm-ddThh:mm:ss)，为所在时区的本地时间，不带偏移，例如 at(2026-12-31T18:00:00)',
  },
  schedule_at_date: {
    en: '"{got}" is a date or time that is not in the calendar',
    zh: '“{got}”不是日历中存在的日期或时间',
  },
  schedule_at_year: {
    en: '"{got}": the year {value} is outside of 1970-2199',
    zh: '“{got}”：年份{value}超出范围 1970-2199',
  },
  schedule_at_gap: {
    en: '"{got}" does not exist in {zone}: its clock is put forward over it; the next local time that exists is {mend}',
    zh: '“{got}”在{zone}不存在：时钟在此向前拨；下一个存在的本地时间是 {mend}',
  },
  schedule_never: {
    en: '"{got}" never comes: no date from 1970 to 2199 fits it in {zone}',
    zh: '“{got}”永远不会到来：在{zone}，1970年到2199年之间没有符合的日期',
  },
  timezone_unknown: {
    en: '"{got}" is no IANA time zone; for example {mend}',
    zh: '“{got}”不是IANA时区；例如 {mend}',
  },
  schedule_unproven: {
    en: '{field} "{value}": AWS does not document this ({construct}); it is read here as docs/reference/schedules.md says, and AWS may refuse or read it otherwise',
    zh: '{field}“{value}”：AWS文档未说明此写法（{construct}）；此处按 docs/reference/schedules.md 的规则执行，AWS可能拒绝或有不同解释',
  },
  tick_rate: {
    en: 'a rate counts from the moment the task was made, which no trigger of {target} can be told; a trigger every minute asks for due slots',
    zh: 'rate 从任务创建时刻起算，{target}的触发器无法表达；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_unproven: {
    en: '{field} "{value}" ({construct}) is not proven on {target}; a trigger every minute asks for due slots',
    zh: '{field}“{value}”（{construct}）在{target}上未经证实；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_zone: {
    en: '{target} reads its timers in UTC+8 and {zone} is not always that; a trigger every minute asks for due slots',
    zh: '{target}的定时器按UTC+8执行，而{zone}并不总是UTC+8；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_wildcard: {
    en: '"{value}": the pages of {target} disagree on L, W and #; a trigger every minute asks for due slots',
    zh: '“{value}”：{target}的文档对 L、W、# 说法不一；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_at: {
    en: '{target} has no one-time timers; a trigger every minute asks for due slots',
    zh: '{target}没有一次性定时器；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_year: {
    en: 'timers of {target} end with the year 2099; a trigger every minute asks for due slots',
    zh: '{target}的定时器只到2099年；改由每分钟触发一次的调度器领取到期时刻',
  },
  tick_long: {
    en: 'in the form that {target} is proven to take, the schedule is longer than its {max} characters; a trigger every minute asks for due slots',
    zh: '改写为{target}确认支持的形式后，表达式超过其{max}个字符；改由每分钟触发一次的调度器领取到期时刻',
  },
  note_repeated_hour: {
    en: 'where the clock of {zone} is put back, each local time runs once here; whether {target} does so within the repeated hour is not documented, and a second call finds nothing due',
    zh: '{zone}时钟回拨时，此处每个本地时间只运行一次；{target}在重复的一小时内是否如此未见文档说明，多余的触发不会领取到任务',
  },
  note_scf_zone: {
    en: '{target} is taken to read its timers in UTC+8; its documents do not say so',
    zh: '此处按{target}以UTC+8解释定时器处理；其文档未明确说明',
  },
  scf_at: { en: '"{got}": SCF has no one-time timers', zh: '“{got}”：SCF没有一次性定时器' },
  scf_zone: {
    en: '"{got}": SCF reads its timers in UTC+8 and {zone} is another clock; shifting the hours would move days',
    zh: '“{got}”：SCF按UTC+8解释定时器，{zone}不同；平移小时会改变日期',
  },
  scf_year: {
    en: '"{got}": {value} is after 2099, the last year of SCF',
    zh: '“{got}”：{value}晚于SCF的最后一年2099',
  },
  scf_rate: {
    en: '"{got}" does not fit evenly into an hour or a day, so no timer of SCF has its instants',
    zh: '“{got}”不能整除一小时或一天，SCF没有对应的定时器',
  },
  scf_clock_aligned: {
    en: '"{got}" starts at the full hour or at midnight on SCF, and at the task\'s own epoch here',
    zh: '“{got}”在SCF上按整点或零点对齐，在此处则从任务自己的起点算起',
  },
  scf_fields: {
    en: '"{got}": an SCF timer has seven fields (second minute hour day month week year)',
    zh: '“{got}”：SCF定时器须有七个字段（秒 分 时 日 月 周 年）',
  },
  scf_seconds: {
    en: '"{got}": a timer of second {value} has no counterpart; only second 0 has',
    zh: '“{got}”：秒为{value}的定时器没有对应的写法；秒只能为0',
  },
  scf_both_days: {
    en: '"{got}": day and week are both restricted, and Tencent does not say whether both or either must fit; make two schedules',
    zh: '“{got}”：日和周同时受限，腾讯云未说明是同时满足还是任一满足；请拆成两个调度',
  },
  scf_digits: {
    en: '"{got}": the digits of {value} are read with 0 as Sunday, as the page of SCF has it; other pages of Tencent begin with Monday, so write names, e.g. MON-FRI',
    zh: '“{got}”：{value}中的数字按SCF文档以0为星期日解释；腾讯云其他文档以星期一开始，请写英文名，例如 MON-FRI',
  },
};

/** What AWS's documents leave open, in words. */
const CONSTRUCTS: Readonly<Record<string, Text>> = {
  lower_case: { en: 'names or letters in lower case', zh: '小写名称或字母' },
  leading_zero: { en: 'a leading zero', zh: '前导零' },
  spacing: { en: 'other than one space between the fields', zh: '字段之间不是单个空格' },
  wrap_range: { en: 'a range that goes round past the end', zh: '跨越末尾的循环范围' },
  range_step: { en: 'a step within a range', zh: '范围内的步长' },
  mixed_range: { en: 'a range from a name to a number', zh: '名称与数字混用的范围' },
  step_beyond: { en: 'a step beyond the end of the field', zh: '超出字段范围的步长' },
  last_offset: { en: 'days before the last day', zh: '最后一天之前若干天' },
  last_workday: { en: 'the last weekday of the month', zh: '每月最后一个工作日' },
  workday_edge: { en: 'the nearest weekday at the edge of a month', zh: '月初或月末的最近工作日' },
  last_weekday: { en: 'the last such weekday of the month', zh: '每月最后一个星期几' },
  named_nth: { en: '# with a name', zh: '# 与名称连用' },
  special_in_list: { en: 'L or W in a list', zh: '列表中的 L 或 W' },
};

/** Every code there is a text for. */
export const SCHEDULE_CODES: readonly string[] = Object.keys(TEXTS);

/** What a code of this library says, in words. A code that is not of this library is given back as it is. */
export function scheduleText(
  remark: { readonly code: string; readonly params: Readonly<Record<string, string | number>> },
  locale: ScheduleLocale,
): string {
  const text = Object.hasOwn(TEXTS, remark.code) ? TEXTS[remark.code]?.[locale] : undefined;
  if (text === undefined) return remark.code;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = String(remark.params[name] ?? whole);
    return name === 'construct' && Object.hasOwn(CONSTRUCTS, value)
      ? (CONSTRUCTS[value]?.[locale] ?? value)
      : value;
  });
}
