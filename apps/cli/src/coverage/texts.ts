import type { Language, Text } from '../command.ts';
import type { Mark } from './glyphs.ts';

export const STATES: Readonly<Record<Exclude<Mark, 'blank'>, Text>> = {
  present: { en: 'present', zh: '已有' },
  mixed: { en: 'present, absences accounted for', zh: '已有，空缺均有说明' },
  empty: { en: 'empty', zh: '空缺' },
  unavailable: { en: 'unavailable', zh: '无法取得' },
  provisional: { en: 'provisional', zh: '待定' },
  failed: { en: 'failed', zh: '失败' },
  missing: { en: 'missing', zh: '未采集' },
  partly: { en: 'partly collected', zh: '部分已采集' },
};

/** What a state means, beside its count. */
export const MEANINGS: Readonly<Record<Exclude<Mark, 'blank'>, Text>> = {
  present: { en: '', zh: '' },
  mixed: { en: '', zh: '' },
  empty: { en: 'the venue has none, and that is confirmed', zh: '交易所没有该记录，已确认' },
  unavailable: { en: 'cannot be had', zh: '无从取得' },
  provisional: { en: 'may still change, or wants another look', zh: '可能变化，或待再次确认' },
  failed: { en: 'asked for, not answered; tried again later', zh: '已请求但未获回答，稍后重试' },
  missing: { en: 'never asked for', zh: '尚未请求' },
  partly: { en: '', zh: '' },
};

const REASONS: Readonly<Record<string, Text>> = {
  no_trade: { en: 'no trade', zh: '无成交' },
  outage: { en: 'venue out', zh: '交易所停机' },
  holiday: { en: 'holiday', zh: '休市' },
  suspension: { en: 'suspended', zh: '停牌' },
  unknown: { en: 'unknown', zh: '未知' },
  before_listing: { en: 'before listing', zh: '上市之前' },
  after_delisting: { en: 'after delisting', zh: '退市之后' },
  look_back: { en: 'too long ago for the venue', zh: '超出可回溯范围' },
  missed_snapshot: { en: 'snapshot missed', zh: '错过快照' },
  unconfirmed: { en: 'unconfirmed', zh: '空缺待确认' },
};

export const reasonText = (reason: string, language: Language): string =>
  REASONS[reason]?.[language] ?? reason.replaceAll('_', ' ');

const GRADES: readonly Text[] = [
  { en: '', zh: '' },
  { en: '1 re-read', zh: '1 复读' },
  { en: '2 coarser bar', zh: '2 较长周期' },
  { en: '3 trade ids', zh: '3 成交编号' },
  { en: '4 archive', zh: '4 归档校验' },
  { en: '5 second source', zh: '5 第二来源' },
];

export const gradeText = (grade: number, language: Language): string => GRADES[grade]?.[language] ?? '';

export const TEXTS = {
  settled: { en: 'settled', zh: '已确定' },
  expected: { en: 'expected', zh: '应有' },
  derived: { en: 'made of', zh: '合成自' },
  eachCell: { en: 'each cell', zh: '每格' },
  week: { en: 'a week', zh: '一周' },
  month: { en: 'a month', zh: '一个月' },
  day: { en: 'a day', zh: '一天' },
  from: { en: 'FROM (UTC)', zh: '起（UTC）' },
  to: { en: 'TO', zh: '止' },
  records: { en: 'RECORDS', zh: '条数' },
  state: { en: 'STATE', zh: '状态' },
  reason: { en: 'REASON', zh: '原因' },
  evidence: { en: 'EVIDENCE', zh: '证据' },
  moreGaps: { en: 'and {n} more; --gaps {all} lists all', zh: '另有 {n} 处；--gaps {all} 列出全部' },
  findings: { en: '{n} findings: kairos findings {series}', zh: '{n} 处发现：kairos findings {series}' },
  nothing: { en: 'nothing is known of this span yet', zh: '该时段尚无任何信息' },
  complete: { en: 'no gaps', zh: '没有缺口' },
} as const satisfies Readonly<Record<string, Text>>;
