import type { Language, Text } from '../../command.ts';

/** Everything that `scheduled` says. `{name}` stands for a value. */
const TEXTS = {
  title: { en: 'Scheduled Tasks Configuration', zh: '定时任务配置' },
  enabled: { en: 'ENABLED', zh: '已启用' },
  disabled: { en: 'DISABLED', zh: '已停用' },
  schedule: { en: 'Schedule: {text}', zh: '计划：{text}' },
  function: { en: 'Function: {text}', zh: '函数：{text}' },
  collects: { en: 'Collects: {text}', zh: '采集：{text}' },
  nextRun: { en: 'Next run: {text}', zh: '下次运行：{text}' },
  inWords: { en: 'In words: {text}', zh: '说明：{text}' },
  total: { en: 'Total: {n} tasks ({m} enabled)', zh: '共 {n} 个任务（{m} 个已启用）' },
  totalOne: { en: 'Total: 1 task ({m} enabled)', zh: '共 1 个任务（{m} 个已启用）' },
  atEachClose: { en: 'at each close of {timeframe}', zh: '每根 {timeframe} 收盘时' },
  notWhileDisabled: { en: 'none while it is disabled ({zone})', zh: '停用期间不运行（{zone}）' },
  asServerStarts: { en: 'as soon as a server runs ({zone})', zh: '服务启动后立即（{zone}）' },
  never: { en: 'never again ({zone})', zh: '不再运行（{zone}）' },
  runsNow: { en: 'running now', zh: '正在运行' },
  inStore: { en: 'on the server it is {status}', zh: '服务中的状态：{status}' },
  localTime: { en: 'in {zone}', zh: '{zone}' },
  utc: { en: 'UTC', zh: 'UTC' },
  fromStart: {
    en: 'a rate counts from when the task is first seen; shown as if a server started now',
    zh: 'rate 从任务首次加载时起算；此处按服务现在启动显示',
  },
  disabledNote: { en: 'the task is disabled: it takes none of these', zh: '任务已停用：以下时间均不运行' },
  gapNote: {
    en: '{date}: clocks in {zone} go from {from} to {to}; {time} does not exist on that day, so there is no run',
    zh: '{date}：{zone} 的时钟从 {from} 拨到 {to}；当天没有 {time}，因此不运行',
  },
  foldNote: {
    en: '{date}: clocks in {zone} go back from {from} to {to}; {time} comes twice, it runs at the first',
    zh: '{date}：{zone} 的时钟从 {from} 拨回 {to}；{time} 出现两次，只在第一次运行',
  },
  note: { en: 'note: {text}', zh: '提示：{text}' },
  noTasks: {
    en: 'no tasks in {file}; make one with task-manager add',
    zh: '{file} 中没有任务；用 task-manager add 添加',
  },
  fileMissing: {
    en: '{file}: there is no such file; name another with --file FILE, or make it with task-manager add',
    zh: '{file}：文件不存在；请用 --file FILE 指定，或用 task-manager add 创建',
  },
  fileUnreadable: { en: '{file} cannot be read ({why})', zh: '无法读取 {file}（{why}）' },
  fileNotText: {
    en: '{file} is not UTF-8, so it cannot be edited without harm: convert it first',
    zh: '{file} 不是 UTF-8 编码，无法安全编辑：请先转换编码',
  },
  fileBusy: {
    en: '{file} is being edited by another program ({lock}); try again, and if nobody edits it delete that file',
    zh: '{file} 正被其他程序编辑（{lock}）；请重试，若无人编辑请删除该文件',
  },
  fileChanges: {
    en: '{file} changes all the time; nothing was written, try again',
    zh: '{file} 一直在变化；未写入任何内容，请重试',
  },
  unknownTask: { en: '{file} has no task {name}{hint}', zh: '{file} 中没有任务 {name}{hint}' },
  didYouMean: { en: '; did you mean {near}?', zh: '；是否要用 {near}？' },
  hereAre: { en: '; here are {names}', zh: '；现有 {names}' },
  brokenTask: {
    en: 'task {name} in {file} has errors; task-manager validate tells which',
    zh: '{file} 中的任务 {name} 有错误；用 task-manager validate 查看',
  },
  brokenFile: {
    en: '{file} has {n} with errors, which are left out here; task-manager validate tells which',
    zh: '{file} 中有 {n} 有错误，此处未列出；用 task-manager validate 查看',
  },
  refusedFile: {
    en: '{file} has errors, so nothing of it is applied; mend it first: task-manager validate',
    zh: '{file} 有错误，不会应用其中任何内容；请先改正：task-manager validate',
  },
  places: { en: '{n} places', zh: '{n} 处' },
  place: { en: '1 place', zh: '1 处' },
  valid: { en: '{file}: {n} tasks, nothing wrong', zh: '{file}：{n} 个任务，没有问题' },
  targets: { en: 'Schedules, by target', zh: '各平台的计划' },
  unchecked: {
    en: '{what} cannot be asked here what it knows ({why}), so task types were not checked',
    zh: '此处无法询问 {what} 支持的任务类型（{why}），未检查任务类型',
  },
  handlerType: {
    en: '{function} ({language}) has no task type {type}',
    zh: '{function}（{language}）没有任务类型 {type}',
  },
  handlerTypeMend: { en: 'write one of {known}{near}', zh: '请写 {known} 之一{near}' },
  handlerTypeNone: {
    en: 'it has none at all: add one to the function',
    zh: '该函数没有任何任务类型：请添加',
  },
  handlerLook: {
    en: '{function} ({language}) cannot be used: {why}',
    zh: '{function}（{language}）不可用：{why}',
  },
  handlerLookMend: {
    en: 'put the function into the folder {dir}, or correct its name',
    zh: '请把函数放入 {dir} 文件夹，或改正名称',
  },
  handlerBrokenMend: { en: 'mend the function', zh: '请修正函数' },
  verdict: { en: '{file}: {n} tasks, {errors}, {warnings}', zh: '{file}：{n} 个任务，{errors}，{warnings}' },
  errors: { en: '{n} errors', zh: '{n} 个错误' },
  error: { en: '1 error', zh: '1 个错误' },
  warnings: { en: '{n} warnings', zh: '{n} 个警告' },
  warning: { en: '1 warning', zh: '1 个警告' },
  severity_error: { en: 'error', zh: '错误' },
  severity_warning: { en: 'warning', zh: '警告' },
  toMend: { en: 'to mend: {text}', zh: '改正：{text}' },
  tickBars: {
    en: 'a task without a schedule of its own follows its bars',
    zh: '没有自己计划的任务按 K 线收盘运行',
  },
  head_task: { en: 'TASK', zh: '任务' },
  head_schedule: { en: 'SCHEDULE', zh: '计划' },
  head_zone: { en: 'ZONE', zh: '时区' },
  native: { en: 'native', zh: '原生' },
  tick: { en: 'tick', zh: '轮询' },
  reject: { en: 'reject', zh: '不支持' },
  wasEnabled: { en: '{name} was enabled already', zh: '{name} 原已启用' },
  wasDisabled: { en: '{name} was disabled already', zh: '{name} 原已停用' },
  nowEnabled: { en: '{name} enabled', zh: '{name} 已启用' },
  nowDisabled: { en: '{name} disabled', zh: '{name} 已停用' },
  added: { en: '{name} added to {file}', zh: '{name} 已添加到 {file}' },
  removed: {
    en: '{name} removed from {file}; a server stops it, and keeps its data and history',
    zh: '{name} 已从 {file} 移除；服务会停止它，并保留其数据与历史',
  },
  takenUp: { en: 'a running server takes this up by itself', zh: '运行中的服务会自动加载' },
  nameTaken: {
    en: '{file} has a task {name} already; choose another name, or remove that one first',
    zh: '{file} 中已有任务 {name}；请换一个名称，或先移除它',
  },
  wouldNotValidate: {
    en: 'not added: {file} would have these errors',
    zh: '未添加：{file} 会有以下错误',
  },
  runDisabled: {
    en: '{name} is disabled; enable it first: task-manager enable {name}',
    zh: '{name} 已停用；请先启用：task-manager enable {name}',
  },
  runHere: { en: 'running {name} here; Ctrl-C ends it', zh: '正在此处运行 {name}；Ctrl-C 结束' },
  runThere: { en: 'the server at {url} runs {name}', zh: '由服务 {url} 运行 {name}' },
  runJoined: {
    en: '{name} runs already; following that run',
    zh: '{name} 正在运行；跟随该次运行',
  },
  leftRunning: {
    en: 'no longer followed; the server goes on with the run: task-manager logs {name}',
    zh: '不再跟随；服务会继续该次运行：task-manager logs {name}',
  },
  handedOver: {
    en: 'interrupted; the run goes on with the next task-manager run {name}, or a server',
    zh: '已中断；下次 task-manager run {name} 或服务会继续',
  },
  preparing: {
    en: 'installing the packages that {name} names; this is done once and may take a minute',
    zh: '正在安装 {name} 所需的软件包；只需一次，可能要一分钟',
  },
  awaitServer: {
    en: 'the server at {url} does not know {name} yet; waiting for it to take the file up',
    zh: '服务 {url} 尚不知道 {name}；等待它加载文件',
  },
  notOnServer: {
    en: 'the server at {url} does not know {name} yet: it takes up changes of its file within seconds, and none while the file has errors',
    zh: '服务 {url} 尚不知道 {name}：它会在数秒内加载文件的更改，但文件有错误时不会加载',
  },
  heldBySignal: {
    en: 'a task {name} made by signal holds the name: rename the entry of {file}, or delete that task',
    zh: '名称 {name} 已被由信号创建的任务占用：请重命名 {file} 中的条目，或删除该任务',
  },
  outcome: { en: '{name}: {outcome} in {took}', zh: '{name}：{outcome}，用时 {took}' },
  outcomeOnly: { en: '{name}: {outcome}', zh: '{name}：{outcome}' },
  willRetry: {
    en: 'it will be tried again at {at}, by a server or the next task-manager run',
    zh: '将在 {at} 由服务或下次 task-manager run 重试',
  },
  result: { en: 'result:', zh: '结果：' },
  rowsKept: { en: '{n} rows kept', zh: '保存 {n} 行' },
  noLogs: { en: 'no log lines of {name} yet', zh: '{name} 还没有日志' },
  noLogsOfRun: { en: 'no log lines of run {run}', zh: '没有运行 {run} 的日志' },
  runOf: { en: 'run {run}', zh: '运行 {run}' },
  noFiles: {
    en: 'the store is kept in memory, so there are no logs to read',
    zh: '存储在内存中，没有可读的日志',
  },
} as const satisfies Readonly<Record<string, Text>>;

export type Saying = keyof typeof TEXTS;
export type SayingParams = Readonly<Record<string, string | number>>;

/** A text of the table, in the reader's language. */
export const tell = (saying: Saying, language: Language, params: SayingParams = {}): string =>
  TEXTS[saying][language].replace(/\{(\w+)\}/g, (all, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : all,
  );

/** `1 error`, `2 errors`. */
export const counted = (one: Saying, many: Saying, n: number, language: Language): string =>
  tell(n === 1 ? one : many, language, { n });
