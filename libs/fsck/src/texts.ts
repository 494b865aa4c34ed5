import type { ViolationCode } from './violation.ts';

/** What is wrong, and how to mend it. */
type Text = readonly [what: string, mend: string];

const RESTORE = 'stop the server, move the file aside, restore a copy of it, or collect anew into a new file';
const RECOLLECT =
  'export the series if you need it as it is; then restore a copy of the store, or collect the series anew into a new store';
const REPORT = 'please report this with the lines around it in the log';
const TICK = 'nothing, if a server serves this store: its next tick mends it';
const HISTORY = 'the data are not touched; read `list_runs` of the task, and report this';

const RESTORE_ZH = '停止服务，移走该文件并恢复备份，或在新文件中重新采集';
const RECOLLECT_ZH = '如需保留现状请先导出该序列；然后恢复存储的备份，或在新的存储中重新采集';
const REPORT_ZH = '请连同日志中前后的内容报告此问题';
const TICK_ZH = '若有服务正在使用该存储则无需处理：下一次 tick 会修复';
const HISTORY_ZH = '数据不受影响；请查看该任务的 `list_runs`，并报告此问题';

export const EN: Readonly<Record<ViolationCode, Text>> = {
  store_damaged: ['the store file is damaged', RESTORE],
  store_replaced: [
    'the file was moved, deleted or replaced while open',
    'restart the server to use what is there now',
  ],
  store_foreign: ['the file does not say that it is a Kairos store of this format', RESTORE],
  store_differs: ['a table contradicts itself', RESTORE],
  store_unreadable: ['a part of the store cannot be read', RESTORE],
  series_key_differs: ['the series is kept under a key that is not that of its fields', RECOLLECT],
  series_realm_differs: ['the series is kept under the key of another realm', RECOLLECT],
  series_unreadable: ['the record of the series makes no sense', RECOLLECT],
  chunk_unreadable: ['the bytes of a chunk cannot be read', RECOLLECT],
  chunk_count_differs: ['a chunk does not hold as many rows as it says', RECOLLECT],
  keys_unsorted: ['rows are not ascending, or a key is there twice', RECOLLECT],
  key_outside_block: ['rows lie outside the block they are kept in', RECOLLECT],
  key_twice: ['rows are kept both in a chunk and outside', `${TICK}; if it stays, report it`],
  runs_disordered: ['coverage overlaps, is out of order, or leaves its block', RECOLLECT],
  run_unknown: [
    'coverage has a state that does not exist',
    'install the Kairos that wrote it, or restore a copy',
  ],
  row_without_run: ['rows are there whose coverage does not say so', RECOLLECT],
  slot_without_row: ['coverage says that rows are there which are not', `\`refetch\` the span; ${RECOLLECT}`],
  evidence_missing: ['coverage refers to evidence that is not kept', 'send `refetch` for the span'],
  hot_unreadable: ['a row outside chunks cannot be read', RECOLLECT],
  hot_astray: ['a row outside chunks is of no known series', REPORT],
  hot_off_grid: ['a row outside chunks lies between two slots', REPORT],
  hot_stale: ['final rows of a finished block wait too long to be folded into its chunk', TICK],
  task_unreadable: [
    'the task or its due item cannot be read',
    'restore a copy of the store, or create the task anew',
  ],
  task_without_due: [
    'the task has no due item and will never run',
    'send `delete_task`, then `create_task`; data stay',
  ],
  due_without_task: ['a due item is left of no task', `harmless; ${REPORT}`],
  task_series_missing: [
    'the task collects into a series that is not kept',
    'send `stop_task`, then `start_task`',
  ],
  task_asleep: ['the task is active and nothing is planned for it', 'send `stop_task`, then `start_task`'],
  due_without_work: ['something is planned for a task that is over', TICK],
  cursor_ahead: ['the cursor lies in the future: a clock was ahead', `check the clock; ${TICK}`],
  lease_too_long: [
    'a lease reaches further ahead than any may: a clock was ahead',
    `check the clock; ${TICK}`,
  ],
  fence_behind: ['the history knows a newer fence than the task: an older copy of it came back', REPORT],
  run_orphaned: ['a run is on record as running that nobody holds', HISTORY],
  slot_twice: ['one slot succeeded twice', HISTORY],
  slot_unaccounted: ['slots passed without a run and without a reason', HISTORY],
  budget_unreadable: [
    'what was spent of a rate limit cannot be read, so nothing is sent to that venue',
    `stop the server and delete the row; ${REPORT}`,
  ],
  budget_invalid: ['what was spent of a rate limit makes no sense', REPORT],
  budget_overspent: ['more weight was leased in one window than the venue allows', REPORT],
  ban_too_long: [
    'a pause of a venue reaches further ahead than any may: a clock was ahead',
    'check the clock; workers take no notice of such a pause',
  ],
};

export const ZH: Readonly<Record<ViolationCode, Text>> = {
  store_damaged: ['存储文件已损坏', RESTORE_ZH],
  store_replaced: ['文件在打开期间被移动、删除或替换', '重启服务以使用当前的文件'],
  store_foreign: ['该文件没有表明自己是这一格式的 Kairos 存储', RESTORE_ZH],
  store_differs: ['表的内容自相矛盾', RESTORE_ZH],
  store_unreadable: ['存储的一部分无法读取', RESTORE_ZH],
  series_key_differs: ['序列的键与其字段不符', RECOLLECT_ZH],
  series_realm_differs: ['序列保存在另一个 realm 的键下', RECOLLECT_ZH],
  series_unreadable: ['序列的记录没有意义', RECOLLECT_ZH],
  chunk_unreadable: ['数据块的字节无法读取', RECOLLECT_ZH],
  chunk_count_differs: ['数据块的行数与其声明不符', RECOLLECT_ZH],
  keys_unsorted: ['行未按升序排列，或某个键重复', RECOLLECT_ZH],
  key_outside_block: ['行位于所在区块之外', RECOLLECT_ZH],
  key_twice: ['行同时保存在数据块内和块外', `${TICK_ZH}；若持续存在请报告`],
  runs_disordered: ['覆盖状态重叠、乱序或超出区块', RECOLLECT_ZH],
  run_unknown: ['覆盖状态的取值不存在', '安装写入它的 Kairos 版本，或恢复备份'],
  row_without_run: ['存在行，但覆盖状态没有说明', RECOLLECT_ZH],
  slot_without_row: ['覆盖状态声称存在的行并不存在', `对该时间段发送 \`refetch\`；${RECOLLECT_ZH}`],
  evidence_missing: ['覆盖状态引用的证据不存在', '对该时间段发送 `refetch`'],
  hot_unreadable: ['块外的行无法读取', RECOLLECT_ZH],
  hot_astray: ['块外的行不属于任何已知序列', REPORT_ZH],
  hot_off_grid: ['块外的行位于两个时间格之间', REPORT_ZH],
  hot_stale: ['已结束区块的最终行等待合并的时间过长', TICK_ZH],
  task_unreadable: ['任务或其到期项无法读取', '恢复存储的备份，或重新创建任务'],
  task_without_due: ['任务没有到期项，永远不会运行', '发送 `delete_task`，再发送 `create_task`；数据保留'],
  due_without_task: ['到期项没有对应的任务', `无害；${REPORT_ZH}`],
  task_series_missing: ['任务采集的序列不存在', '发送 `stop_task`，再发送 `start_task`'],
  task_asleep: ['任务处于活动状态，却没有任何计划', '发送 `stop_task`，再发送 `start_task`'],
  due_without_work: ['任务已结束，却仍有计划', TICK_ZH],
  cursor_ahead: ['游标位于未来：时钟曾经超前', `检查时钟；${TICK_ZH}`],
  lease_too_long: ['租约超出允许的最长时间：时钟曾经超前', `检查时钟；${TICK_ZH}`],
  fence_behind: ['历史中的 fence 比任务的更新：任务回到了旧的副本', REPORT_ZH],
  run_orphaned: ['记录为运行中的运行无人持有', HISTORY_ZH],
  slot_twice: ['同一时间槽成功了两次', HISTORY_ZH],
  slot_unaccounted: ['有时间槽既未运行也无原因', HISTORY_ZH],
  budget_unreadable: [
    '限频额度的记录无法读取，因此不会向该交易所发送请求',
    `停止服务并删除该行；${REPORT_ZH}`,
  ],
  budget_invalid: ['限频额度的记录没有意义', REPORT_ZH],
  budget_overspent: ['一个窗口内租出的权重超过了交易所允许的上限', REPORT_ZH],
  ban_too_long: ['对交易所的暂停超出允许的最长时间：时钟曾经超前', '检查时钟；工作进程不会理会这样的暂停'],
};
