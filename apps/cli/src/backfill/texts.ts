import type { Language, Text } from '../command.ts';

export const TEXTS = {
  series: { en: 'SERIES', zh: '序列' },
  progress: { en: 'PROGRESS', zh: '进度' },
  rows: { en: 'ROWS', zh: '行数' },
  rate: { en: 'ROWS/S', zh: '行/秒' },
  weight: { en: 'WEIGHT', zh: '权重' },
  eta: { en: 'ETA', zh: '剩余' },
  total: { en: 'total', zh: '合计' },
  state: { en: 'STATE', zh: '状态' },
  expected: { en: 'EXPECTED', zh: '应有' },
  present: { en: 'PRESENT', zh: '已有' },
  empty: { en: 'EMPTY', zh: '空缺' },
  unavailable: { en: 'UNAVAILABLE', zh: '无法取得' },
  open: { en: 'OPEN', zh: '未定' },
  findings: { en: 'FINDINGS', zh: '发现' },
  newRows: { en: 'NEW ROWS', zh: '新增行' },
  requests: { en: 'REQUESTS', zh: '请求' },
  waiting: { en: 'waits {time}', zh: '等待 {time}' },
  starting: { en: 'begins', zh: '开始' },
  andMore: { en: 'and {n} more', zh: '另有 {n} 个' },
  stopping: {
    en: 'stopping after what is under way; Ctrl-C again ends at once',
    zh: '完成手头的提交后停止；再按 Ctrl-C 立即结束',
  },
  interrupted: {
    en: 'interrupted. What was committed is kept; the same command again goes on from there.',
    zh: '已中断。已提交的数据保留；再次运行同一命令即可从此处继续。',
  },
  head: { en: '{source} → {store}   {from} – {to} UTC', zh: '{source} → {store}   {from} – {to} UTC' },
  now: { en: 'now', zh: '现在' },
  beside: {
    en: 'a server works on this store too (pid {pid}): both keep within the rate limit together',
    zh: '有服务也在使用该存储（pid {pid}）：两者共同遵守限速',
  },
  took: {
    en: '{rows} rows in {time}, {rate} rows/s, {requests} requests, weight {weight}',
    zh: '{rows} 行，用时 {time}，{rate} 行/秒，{requests} 次请求，权重 {weight}',
  },
  nothingNew: {
    en: 'nothing was missing: all of it is stored already ({time})',
    zh: '没有缺失：均已存储（{time}）',
  },
  look: { en: 'look at it', zh: '查看' },
  takeOut: { en: 'take it out', zh: '导出' },
  goOn: { en: 'keep it up to date', zh: '持续采集' },
  odd: { en: 'see what was odd', zh: '查看发现' },
  again: { en: 'ask again after {time}', zh: '{time} 之后再试' },
} as const satisfies Readonly<Record<string, Text>>;

export const text = (
  name: keyof typeof TEXTS,
  language: Language,
  params: Readonly<Record<string, string>> = {},
): string => TEXTS[name][language].replace(/\{(\w+)\}/g, (all, key: string) => params[key] ?? all);

const STATES: Readonly<Record<string, Text>> = {
  complete: { en: 'complete', zh: '完成' },
  open: { en: 'open', zh: '未完成' },
  interrupted: { en: 'interrupted', zh: '已中断' },
  failed: { en: 'failed', zh: '失败' },
};

export const stateText = (state: string, language: Language): string => STATES[state]?.[language] ?? state;
