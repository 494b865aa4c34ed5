import type { Account, ToldDefect, Uncompared, VerifyOutcome, VerifyProgress } from '@kairos/collectors';
import { printable, type Language } from './command.ts';
import type { Skipped, VerifiedSeries } from './verify-series.ts';

export interface VerifyReport {
  readonly store: string;
  readonly series: readonly VerifiedSeries[];
  readonly tookMs: number;
  readonly interrupted: boolean;
}

const number = (n: number): string => n.toLocaleString('en-US');
const iso = (ts: number): string => new Date(ts).toISOString();
const unified = ({ series }: VerifiedSeries): string =>
  series.instrument.slice(series.instrument.indexOf(':') + 1);

type Code = ToldDefect['code'];

interface Words {
  readonly store: string;
  readonly nothingStored: string;
  checked(o: VerifyOutcome): string;
  heard(relation: Account['relation'], by: string, slots: string): string;
  readonly alone: string;
  readonly why: Readonly<Record<Uncompared, string>>;
  readonly aside: (gaps: readonly string[]) => string;
  deepened(slots: string, grade: number): string;
  odd(n: string): string;
  cost(requests: string, weight: string): string;
  found(n: number): string;
  more(n: string): string;
  readonly what: Readonly<Record<Code, string>>;
  account(a: Account): string;
  readonly here: string;
  readonly bar: readonly [there: string, here: string];
  readonly mend: Readonly<Record<'refetch' | 'outage', string>>;
  readonly toMend: string;
  readonly skipped: Readonly<Record<Skipped, string>>;
  readonly interrupted: string;
  readonly old: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    store: 'store  ',
    nothingStored: 'no candles are stored',
    checked: (o) =>
      `${number(o.bars)} bars and ${number(o.empty)} absences from ${iso(o.range.from)} to ${iso(o.range.to)}`,
    heard: (relation, by, slots) =>
      `${{ coarser: 'against longer bars', finer: 'against shorter bars', second: 'against source' }[relation]} ${by}: ${slots} slots compared`,
    alone: 'by itself only: the source has no other timeframe to compare with',
    why: {
      unsettled: 'beside slots not settled yet',
      unavailable: 'beside slots that cannot be had',
      unanswered: 'not answered',
      lacking: 'it has no bars there itself',
    },
    aside: (gaps) => ` (${gaps.join(', ')})`,
    deepened: (slots, grade) => `${slots} absences now have evidence of grade ${grade}`,
    odd: (n) => `${n} bars of other timeframes are wrong themselves: the rest agree with what is stored`,
    cost: (requests, weight) => `${requests} requests, weight ${weight}`,
    found: (n) => (n === 0 ? 'nothing found' : n === 1 ? '1 finding' : `${number(n)} findings`),
    more: (n) => `and ${n} more; narrow the span with --from and --to to see them`,
    what: {
      absence_contradicted: 'stored as absent, but others show that there is a bar',
      coarser_differs: 'the bars stored here do not add up to a longer bar of the source',
      finer_differs: 'the stored bar is not what the shorter bars of the source add up to',
      second_source_differs: 'a second source says otherwise',
      ohlc_inconsistent: 'low ≤ open, close ≤ high does not hold',
      quote_volume_differs: 'quote volume does not lie between low × volume and high × volume',
      trades_inconsistent: 'trades without volume, or volume without trades',
    },
    account: (a) =>
      `${{ coarser: `the ${a.by} bar`, finer: `the ${a.by} bars`, second: a.by }[a.relation]} at ${iso(a.from)}`,
    here: 'here',
    bar: ['a bar', 'none'],
    mend: {
      refetch:
        'send `refetch` for the span; if it comes back the same the venue itself is wrong: ask it, or another source',
      outage: 'nothing, if the venue was out then: another one went on trading; else send `refetch`',
    },
    toMend: 'to mend: ',
    skipped: {
      source_unknown: 'skipped: its source is not configured',
      other_realm: 'skipped: its source now tells of another realm',
    },
    interrupted: 'interrupted; run it again to go on',
    old: 'known before',
  },
  zh: {
    store: '存储 ',
    nothingStored: '没有已存的 K 线',
    checked: (o) =>
      `${number(o.bars)} 根 K 线、${number(o.empty)} 处空缺，自 ${iso(o.range.from)} 至 ${iso(o.range.to)}`,
    heard: (relation, by, slots) =>
      `${{ coarser: '对照较长周期', finer: '对照较短周期', second: '对照来源' }[relation]} ${by}：已比较 ${slots} 个时段`,
    alone: '只核对自身：该来源没有可对照的其他周期',
    why: {
      unsettled: '个相邻时段尚未确定',
      unavailable: '个相邻时段无法取得',
      unanswered: '个时段未获回答',
      lacking: '个时段对方自身缺少 K 线',
    },
    aside: (gaps) => `（${gaps.join('，')}）`,
    deepened: (slots, grade) => `${slots} 处空缺的证据提升到 ${grade} 级`,
    odd: (n) => `另有 ${n} 根其他周期的 K 线自身有误：其余证据与已存数据一致`,
    cost: (requests, weight) => `${requests} 次请求，权重 ${weight}`,
    found: (n) => (n === 0 ? '未发现问题' : `发现 ${number(n)} 处问题`),
    more: (n) => `还有 ${n} 处；用 --from 和 --to 缩小范围查看`,
    what: {
      absence_contradicted: '记为空缺，但其他证据表明此处有 K 线',
      coarser_differs: '已存的 K 线之和与来源的较长周期不符',
      finer_differs: '已存的 K 线与来源的较短周期之和不符',
      second_source_differs: '第二来源的说法不同',
      ohlc_inconsistent: '不满足 最低 ≤ 开盘、收盘 ≤ 最高',
      quote_volume_differs: '成交额不在 最低价 × 成交量 与 最高价 × 成交量 之间',
      trades_inconsistent: '有成交笔数而无成交量，或有成交量而无成交笔数',
    },
    account: (a) => `${a.by}（${iso(a.from)}）`,
    here: '此处',
    bar: ['有 K 线', '无'],
    mend: {
      refetch: '对该段发送 `refetch`；若结果不变，则是交易所自身有误：请询问交易所或使用其他来源',
      outage: '若当时交易所停机则无需处理：另一家仍在交易；否则发送 `refetch`',
    },
    toMend: '处理：',
    skipped: { source_unknown: '已跳过：来源未配置', other_realm: '已跳过：来源现属于另一个 realm' },
    interrupted: '已中断；再次运行可继续',
    old: '此前已知',
  },
};

/** One line that is written over as the work goes on. */
export function progressLine(name: string, p: VerifyProgress, language: Language): string {
  const part = p.allSlots > 0 ? Math.floor((100 * p.doneSlots) / p.allSlots) : 100;
  return printable(`${name}  ${part} %  ${WORDS[language].found(p.found)}`);
}

function accountLine(a: Account, words: Words): string {
  const values = a.differences.map(({ field, ours, theirs }) =>
    field === 'bar'
      ? `${theirs === null ? words.bar[1] : words.bar[0]}, ${words.here} ${ours === null ? words.bar[1] : words.bar[0]}`
      : `${field} ${theirs ?? '–'}, ${words.here} ${ours ?? '–'}`,
  );
  return `  ${words.account(a)}: ${values.join('; ')}`;
}

function defectLines(d: ToldDefect, slotMs: number, words: Words): string[] {
  const span = d.to - d.from > slotMs ? `${iso(d.from)} – ${iso(d.to)}` : iso(d.from);
  const outage =
    d.code === 'second_source_differs' &&
    d.accounts.every((a) => a.differences.every((x) => x.field === 'bar'));
  return [
    '',
    `${d.code}  ${span}${d.isNew ? '' : `  (${words.old})`}`,
    `  ${words.what[d.code]}`,
    ...d.accounts.map((a) => accountLine(a, words)),
    `  ${words.toMend}${words.mend[outage ? 'outage' : 'refetch']}`,
  ];
}

const totalOf = (outcome: VerifyOutcome | undefined): number =>
  Object.values(outcome?.found ?? {}).reduce((sum, n) => sum + n, 0);

function outcomeLines(v: VerifiedSeries, outcome: VerifyOutcome, words: Words): string[] {
  const hearings = outcome.hearings.map((h) => {
    const gaps = (Object.keys(words.why) as Uncompared[])
      .filter((why) => h[why] > 0)
      .map((why) => `${number(h[why])} ${words.why[why]}`);
    const heard = words.heard(h.relation, h.by, number(h.compared));
    return `  ${gaps.length > 0 ? `${heard}${words.aside(gaps)}` : heard}`;
  });
  const slots = outcome.bars + outcome.empty;
  const slotMs = slots > 0 ? Math.max(1, (outcome.range.to - outcome.range.from) / slots) : 1;
  const rest = totalOf(outcome) - outcome.defects.length;
  return [
    `  ${words.checked(outcome)}`,
    ...(hearings.length > 0 ? hearings : [`  ${words.alone}`]),
    ...Object.entries(outcome.deepened).map(([grade, n]) => `  ${words.deepened(number(n), Number(grade))}`),
    ...(outcome.oddOthers > 0 ? [`  ${words.odd(number(outcome.oddOthers))}`] : []),
    `  ${words.cost(number(v.requests), number(v.weight))}`,
    `  ${words.found(totalOf(outcome))}`,
    ...outcome.defects.flatMap((d) => defectLines(d, slotMs, words)),
    ...(rest > 0 ? ['', words.more(number(rest))] : []),
  ];
}

/** For people. */
export function reportText(report: VerifyReport, language: Language): string {
  const words = WORDS[language];
  const lines = [`${words.store}${report.store}`];
  if (report.series.length === 0 && !report.interrupted) lines.push(words.nothingStored);
  for (const v of report.series) {
    lines.push('', `${v.series.source} ${unified(v)} ${v.series.timeframe}  (${v.series.realm})`);
    if (v.skipped) lines.push(`  ${words.skipped[v.skipped]}`);
    if (v.outcome) lines.push(...outcomeLines(v, v.outcome, words));
    if (v.error) lines.push(`  ${v.error.code}: ${v.error.message}`);
  }
  if (report.interrupted) lines.push('', words.interrupted);
  return lines.map(printable).join('\n');
}

function seriesJson(v: VerifiedSeries): object {
  const { key, realm, source, instrument, timeframe } = v.series;
  const o = v.outcome;
  return {
    series: { key, realm, source, instrument, timeframe },
    ...(v.skipped && { skipped: v.skipped }),
    ...(v.error && { error: { code: v.error.code, message: v.error.message } }),
    ...(o && {
      from: iso(o.range.from),
      to: iso(o.range.to),
      bars: o.bars,
      empty: o.empty,
      compared: o.hearings,
      deepened: o.deepened,
      odd_others: o.oddOthers,
      found: o.found,
      findings: o.defects.map(({ from, to, isNew, accounts, ...d }) => ({
        ...d,
        from: iso(from),
        to: iso(to),
        new: isNew,
        accounts: accounts.map((a) => ({ ...a, from: iso(a.from), to: iso(a.to) })),
      })),
    }),
    requests: v.requests,
    weight: v.weight,
  };
}

/** For programs: one object, on one line. */
export const reportJson = (report: VerifyReport): string =>
  JSON.stringify({
    store: report.store,
    took_ms: report.tookMs,
    interrupted: report.interrupted,
    findings: report.series.reduce((sum, v) => sum + totalOf(v.outcome), 0),
    series: report.series.map(seriesJson),
  });
