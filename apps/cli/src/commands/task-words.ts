import type { Text } from '../command.ts';

/** Words of the tables about tasks and runs. */
export const HEADS = {
  task: { en: 'TASK', zh: '任务' },
  status: { en: 'STATUS', zh: '状态' },
  health: { en: 'HEALTH', zh: '健康' },
  source: { en: 'SOURCE', zh: '来源' },
  symbols: { en: 'SYMBOLS', zh: '标的' },
  timeframe: { en: 'EVERY', zh: '周期' },
  next: { en: 'NEXT RUN', zh: '下次运行' },
  last: { en: 'LAST RUN', zh: '上次运行' },
  symbol: { en: 'SYMBOL', zh: '标的' },
  progress: { en: 'SETTLED', zh: '已确定' },
  expected: { en: 'EXPECTED', zh: '应有' },
  present: { en: 'PRESENT', zh: '已有' },
  empty: { en: 'EMPTY', zh: '空缺' },
  unavailable: { en: 'UNAVAILABLE', zh: '无法取得' },
  missing: { en: 'MISSING', zh: '未采集' },
  upTo: { en: 'COMPLETE TO', zh: '完整至' },
  findings: { en: 'FINDINGS', zh: '发现' },
  kind: { en: 'KIND', zh: '类别' },
  slot: { en: 'SLOT', zh: '时隙' },
  outcome: { en: 'OUTCOME', zh: '结果' },
  started: { en: 'STARTED', zh: '开始' },
  took: { en: 'TOOK', zh: '用时' },
  rows: { en: 'ROWS', zh: '行数' },
  requests: { en: 'REQUESTS', zh: '请求' },
  why: { en: 'WHY', zh: '原因' },
  code: { en: 'CODE', zh: '种类' },
  at: { en: 'AT', zh: '时间' },
  found: { en: 'FOUND', zh: '发现于' },
  detail: { en: 'DETAIL', zh: '详情' },
} as const satisfies Readonly<Record<string, Text>>;

/** Values of the wire, in words. English is the wire's own. */
const ZH: Readonly<Record<string, string>> = {
  pending: '待开始',
  running: '运行中',
  completed: '已完成',
  failed: '失败',
  stopped: '已停止',
  ok: '正常',
  degraded: '降级',
  blocked: '受阻',
  succeeded: '成功',
  partial: '部分完成',
  expired: '租约过期',
  handed_over: '已交接',
  cancelled: '已取消',
  skipped: '已跳过',
  scheduled: '计划',
  manual: '手动',
  refetch: '重取',
};

export const wordOf = (value: string, language: 'en' | 'zh'): string =>
  language === 'zh' ? (ZH[value] ?? value) : value.replaceAll('_', ' ');

const PHRASES = {
  noTasks: {
    en: 'no tasks; make one with kairos tasks create, or fetch once with kairos backfill',
    zh: '没有任务；用 kairos tasks create 创建，或用 kairos backfill 一次性获取',
  },
  noneFound: { en: 'no task holds all of these words', zh: '没有任务包含所有这些词' },
  ofTotal: { en: '{shown} of {total} tasks', zh: '共 {total} 个任务，显示 {shown} 个' },
  goOn: { en: 'more: --cursor {cursor}', zh: '更多：--cursor {cursor}' },
  noRuns: { en: 'no run yet', zh: '还没有运行记录' },
  noFindings: { en: 'nothing found', zh: '没有发现' },
  noServer: {
    en: 'no server runs, so nothing is collected yet: start one with npx nx serve standalone, or work it here with kairos tasks run {id}',
    zh: '没有服务在运行，尚不会采集：用 npx nx serve standalone 启动服务，或用 kairos tasks run {id} 在此运行',
  },
  working: { en: 'working the run here; Ctrl-C hands it over', zh: '正在此处运行；Ctrl-C 交还' },
  handedOver: {
    en: 'interrupted: what was committed stays, the run goes on with the next kairos tasks run {id} or a server',
    zh: '已中断：已提交的数据保留；下次 kairos tasks run {id} 或服务会继续',
  },
  rows: { en: '{n} rows', zh: '{n} 行' },
  project: { en: 'project', zh: '项目' },
  collects: { en: 'collects', zh: '采集' },
  runs: { en: 'runs', zh: '运行' },
  span: { en: 'span', zh: '时间范围' },
  forEver: { en: 'on and on', zh: '持续' },
  schedule: { en: 'schedule', zh: '计划' },
  ownSchedule: { en: 'as each bar closes', zh: '随每根 K 线收盘' },
  lastRun: { en: 'last run', zh: '上次运行' },
  nextRun: { en: 'next run', zh: '下次运行' },
  error: { en: 'error', zh: '错误' },
  note: { en: 'note', zh: '提示' },
  reasons: { en: 'because', zh: '原因' },
} as const satisfies Readonly<Record<string, Text>>;

export type Phrase = keyof typeof PHRASES;

export const phrase = (
  name: Phrase,
  language: 'en' | 'zh',
  params: Readonly<Record<string, string>> = {},
): string => PHRASES[name][language].replace(/\{(\w+)\}/g, (all, key: string) => params[key] ?? all);
