/** Languages a reply can speak. */
export const LOCALES = ['zh', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** One text in every language; `{name}` stands for a parameter. */
export type Message = Readonly<Record<Locale, string>>;

/**
 * Every text a reply can carry, by its stable code. `{field}` is the wire name of the field concerned. Codes in capitals
 * are those of the error family; the rest are rules, notes and headings of this room.
 */
export const MESSAGES = {
  required: { zh: '{field}不能为空', en: '{field} must not be empty' },
  string: { zh: '{field}必须是字符串', en: '{field} must be text' },
  array: { zh: '{field}必须是数组', en: '{field} must be a list' },
  object: { zh: '{field}必须是JSON对象', en: '{field} must be a JSON object' },
  boolean: { zh: '{field}必须是true或false', en: '{field} must be true or false' },
  int_between: {
    zh: '{field}必须是{min}到{max}之间的整数',
    en: '{field} must be a whole number from {min} to {max}',
  },
  one_of: { zh: '{field}必须是以下之一：{options}', en: '{field} must be one of {options}' },
  too_long: { zh: '{field}不能超过{max}个字符', en: '{field} must not be longer than {max} characters' },
  too_many: { zh: '{field}最多{max}项', en: '{field} must not hold more than {max} entries' },
  identifier: {
    zh: '{field}只能包含字母、汉字、数字和 . _ -（NFC规范形式）',
    en: '{field} may hold only letters, digits, and . _ - (in Unicode NFC)',
  },
  symbol: {
    zh: '{field}只能包含字母、汉字、数字和 / : . _ -（NFC规范形式）',
    en: '{field} may hold only letters, digits, and / : . _ - (in Unicode NFC)',
  },
  selector_pattern: {
    zh: '{field}中的 * 只能用于交易对的各部分，例如 */USDT、BTC/*、*/USDT:USDT',
    en: '{field} must use * within the parts of a pair, such as */USDT, BTC/* or */USDT:USDT',
  },
  selector_top: {
    zh: '{field}必须形如 top:50:USDT，数量为1到1000',
    en: '{field} must look like top:50:USDT, with a number from 1 to 1000',
  },
  selector_exclusion: {
    zh: '{field}必须是 ! 加一个交易对或通配，例如 !BTC/USDT、!*UP/USDT',
    en: '{field} must be ! and then a symbol or a pattern, such as !BTC/USDT or !*UP/USDT',
  },
  exclusions_alone: {
    zh: '{field}中的排除项（!）没有可排除的对象：请加上选择器，例如 */USDT',
    en: '{field} excludes (!) without a selector to exclude from: add one, such as */USDT',
  },
  symbol_excluded: {
    zh: '{field}中的“{symbol}”既被列出又被排除',
    en: '{field} both names and excludes "{symbol}"',
  },
  realm: {
    zh: '{field}只能包含字母、数字和 / : . _ - [ ]',
    en: '{field} may hold only letters, digits, and / : . _ - [ ]',
  },
  finding_code: {
    zh: '{field}只能包含小写字母、数字和 _，例如 off_grid',
    en: '{field} may hold only lower-case letters, digits and _, such as off_grid',
  },
  printable: {
    zh: '{field}不能包含控制字符或方向控制符',
    en: '{field} must not hold control or text-direction characters',
  },
  timeframe_invalid: {
    zh: '{field}必须是时间周期，例如 1m、5m、1h、1d、1w、1M',
    en: '{field} must be a timeframe such as 1m, 5m, 1h, 1d, 1w, 1M',
  },
  time_invalid: {
    zh: '{field}必须是ISO-8601时间（例如 2024-01-01T00:00:00Z）或毫秒时间戳',
    en: '{field} must be an ISO-8601 time such as 2024-01-01T00:00:00Z, or epoch milliseconds',
  },
  time_seconds: {
    zh: '{field}看起来是秒；请使用毫秒时间戳',
    en: '{field} looks like seconds; epoch milliseconds are wanted',
  },
  time_out_of_range: {
    zh: '{field}必须在1900年到9999年之间',
    en: '{field} must lie between the years 1900 and 9999',
  },
  time_order: { zh: '{field}必须晚于{start}', en: '{field} must be later than {start}' },
  unknown_key: { zh: '不认识的字段{field}', en: '{field} is not a known field' },
  unknown_action: {
    zh: '不支持的action：{got}；可用：{options}',
    en: 'action {got} is unknown; use one of {options}',
  },
  forbidden_key: { zh: '不允许使用字段名{key}', en: 'the field name {key} is not allowed' },
  fields_differ: {
    zh: '{field}与顶层的{other}不一致',
    en: '{field} differs from the {other} at the top level',
  },
  update_empty: { zh: '没有要更新的字段', en: 'there is nothing to change: name at least one field' },
  unknown_source: { zh: '{field}“{got}”不存在', en: '{field} "{got}" is unknown' },
  unknown_data_type: { zh: '{field}“{got}”不存在', en: '{field} "{got}" is unknown' },
  unsupported_data_type: {
    zh: '数据源{source}不提供“{got}”；可用：{options}',
    en: 'source {source} does not offer {field} "{got}"; it offers {options}',
  },
  unsupported_frequency: {
    zh: '数据源{source}的{data_type}不支持{field}“{got}”；可用：{options}',
    en: 'source {source} has no {data_type} at {field} "{got}"; it offers {options}',
  },
  too_many_records: {
    zh: '计划采集约{planned}条记录，超过{max}条；请缩小范围，或设置 config.confirm_large 为 true',
    en: 'about {planned} records are asked for, more than {max}; ask for less, or set config.confirm_large to true',
  },
  refetch_too_large: {
    zh: '重新采集约{planned}条记录，超过{max}条；请缩小范围',
    en: 'about {planned} records are asked for, more than {max}; ask for a shorter span',
  },
  schedule_past: {
    zh: '{field}“{got}”（{zone}）没有将来的时刻，任务永远不会运行',
    en: '{field} "{got}" ({zone}) has no instant to come: the task would never run',
  },
  timeframe_unknown: { zh: '{field}不是有效的时间周期', en: '{field} is not a timeframe' },
  cursor_invalid: { zh: '{field}无效；请从头查询', en: '{field} is not valid; start again without it' },
  not_json: { zh: '{field}不是JSON值', en: '{field} is not a JSON value' },
  not_object: { zh: '信令必须是JSON对象', en: 'a signal must be a JSON object' },
  too_deep: { zh: 'JSON嵌套不能超过{max}层', en: 'JSON must not be nested deeper than {max} levels' },
  not_utf8: { zh: '信令不是有效的UTF-8文本', en: 'the signal is not valid UTF-8 text' },
  json_invalid: {
    zh: 'JSON格式错误：第{line}行第{column}列',
    en: 'not valid JSON at line {line}, column {column}',
  },
  json_unexpected_end: {
    zh: 'JSON格式错误：第{line}行第{column}列处意外结束',
    en: 'not valid JSON: it ends unexpectedly at line {line}, column {column}',
  },
  did_you_mean: { zh: '，您是否想用“{suggestion}”', en: '; did you mean "{suggestion}"?' },
  more_issues: { zh: '另有{count}处错误', en: 'and {count} more' },
  derive_invalid: {
    zh: '{field}应为true、false或一个更短的周期（如1m）',
    en: '{field} must be true, false or a shorter frequency, e.g. "1m"',
  },
  derive_not_finer: {
    zh: '{frequency}的K线不能由{got}合成',
    en: 'candles of {frequency} cannot be made of {got}',
  },
  other_issue: { zh: '{field}无效（{reason}）', en: '{field} is not valid ({reason})' },

  symbols_duplicate: {
    zh: 'symbols中有{count}个重复项，已合并',
    en: '{count} repeated entries of symbols were taken once',
  },
  time_zone_missing: {
    zh: '{field}没有时区，按UTC处理',
    en: '{field} names no time zone and was read as UTC',
  },
  snapshot_history: {
    zh: '快照数据没有历史，从现在开始采集',
    en: 'snapshot history cannot be had; collecting from now on',
  },
  ranges_cut: {
    zh: '结果过长，只返回到next_from；请以next_from作为from继续',
    en: 'the answer was cut at next_from; ask again with it as from',
  },

  head_validation: { zh: '任务信令验证失败', en: 'signal validation failed' },
  head_too_large: { zh: '任务信令过大', en: 'signal too large' },
  head_not_found: { zh: '未找到', en: 'not found' },
  head_conflict: { zh: '操作冲突', en: 'conflict' },
  head_unsupported: { zh: '不支持的操作', en: 'not supported' },
  head_store: { zh: '存储暂时不可用', en: 'store unavailable' },
  head_internal: { zh: '内部错误', en: 'internal error' },

  TOO_LARGE: { zh: '信令不能超过{max}字节', en: 'a signal must not be larger than {max} bytes' },
  NOT_FOUND: { zh: '{id}不存在', en: '{id} does not exist' },
  TASK_NOT_FOUND: { zh: '任务{id}不存在', en: 'task {id} does not exist' },
  COLLECTING_TASK_NOT_FOUND: { zh: '没有任务采集该序列：{id}', en: 'no task collects this series: {id}' },
  series_derivable: {
    zh: '序列不存在：{id}；可由已存的{from}合成，请加上derive=true',
    en: 'series {id} does not exist; it can be derived from {from}: add derive=true',
  },
  SERIES_NOT_FOUND: { zh: '序列不存在：{id}', en: 'series {id} does not exist' },
  RUN_NOT_FOUND: { zh: '运行{id}不存在', en: 'run {id} does not exist' },
  TASK_EXISTS: {
    zh: '同名任务已存在，且内容不同；请使用update_task',
    en: 'a task of this id exists with other content; use update_task',
  },
  REV_CONFLICT: {
    zh: '任务已被修改，expected_rev与当前版本不符',
    en: 'the task has changed: expected_rev is not its revision',
  },
  TASK_DECLARED: {
    zh: '任务由{file}声明，请在其中修改条目“{task_id}”',
    en: 'the task is declared in {file}; change its entry "{task_id}" there',
  },
  task_withdrawn: {
    zh: '任务已不在{file}中：请重新写入该文件，或用delete_task删除',
    en: 'the task is no longer in {file}: put it back there, or delete it with delete_task',
  },
  TASK_STOPPED: { zh: '任务已停止，请先start_task', en: 'the task is stopped; start it first' },
  TOO_MANY_TASKS: {
    zh: '任务数量已达上限（limits.max_tasks）；请删除不再需要的任务，或提高上限',
    en: 'there are as many tasks as limits.max_tasks allows; delete some, or raise it',
  },
  CONFLICT_RUN_ACTIVE: { zh: '该任务有一次运行尚未结束', en: 'a run of this task is still active' },
  SERIES_AMBIGUOUS: {
    zh: '该名称对应多个序列，请写明完整名称或realm',
    en: 'the name fits several series; write it in full, or name the realm',
  },
  LEASE_LOST: { zh: '任务正由其他实例处理，请重试', en: 'another worker holds the task; try again' },
  CONFLICT: { zh: '当前状态不允许此操作：{reason}', en: 'the present state forbids this: {reason}' },
  UNSUPPORTED: { zh: '不支持：{reason}', en: 'not supported: {reason}' },
  STORE_UNAVAILABLE: { zh: '存储暂时不可用，请稍后重试', en: 'the store is not available; try again later' },
  STORE_FULL: { zh: '存储空间不足', en: 'the store is full' },
  STORE_READ_ONLY: { zh: '存储为只读', en: 'the store is read-only' },
  INTERNAL: { zh: '内部错误，详情见日志', en: 'an internal error; the log has the details' },

  task_created: { zh: '任务创建成功', en: 'task created' },
  task_updated: { zh: '任务更新成功', en: 'task updated' },
  task_deleted: { zh: '任务删除成功', en: 'task deleted' },
  task_started: { zh: '任务已启动', en: 'task started' },
  task_stopped: { zh: '任务已停止', en: 'task stopped' },
  task_status: { zh: '任务状态查询成功', en: 'task status' },
  run_ordered: { zh: '已安排运行', en: 'run ordered' },
  refetch_ordered: { zh: '已安排重新采集', en: 'refetch ordered' },
} as const satisfies Readonly<Record<string, Message>>;

export type MessageCode = keyof typeof MESSAGES;

export const isMessageCode = (code: string): code is MessageCode => Object.hasOwn(MESSAGES, code);
