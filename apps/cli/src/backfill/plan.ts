import { parseRuntimeConfig, type RuntimeConfig } from '@kairos/config';
import type { SourceRegistry } from '@kairos/ports';
import { UsageError, type Call } from '../command.ts';
import { formatOfName } from '../commands/export.ts';
import { manySeries } from '../commands/series-words.ts';
import { spanOf, textOf, wholeOf } from '../options.ts';

const DAY = 86_400_000;
const DEFAULT_DAYS = 30;

export interface BackfillPlan {
  readonly source: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
  readonly from: number;
  /** Undefined: all that is final. */
  readonly to: number | undefined;
  readonly out: string | undefined;
  readonly patienceMs: number | undefined;
}

/** What a call asks for. @throws UsageError */
export function planOf(call: Call, now: number): BackfillPlan {
  const days = wholeOf(call, 'days', { min: 1, max: 36_500 });
  const { from, to } = spanOf(call);
  if (days !== undefined && from !== undefined)
    throw new UsageError({ en: '--days and --from: name one of them', zh: '--days 与 --from 只能选一个' });
  const start = from ?? (to === undefined ? now : Math.min(now, to)) - (days ?? DEFAULT_DAYS) * DAY;
  if (start >= now)
    throw new UsageError({
      en: '--from: lies ahead; a backfill is of the past (kairos tasks create is not)',
      zh: '--from 在将来；backfill 只取过去的数据（今后的请用 kairos tasks create）',
    });
  const out = textOf(call, 'out');
  if (out !== undefined && !formatOfName(out))
    throw new UsageError({
      en: `--out ${out}: must end in .csv, .ndjson or .parquet`,
      zh: `--out ${out}：必须以 .csv、.ndjson 或 .parquet 结尾`,
    });
  const seconds = wholeOf(call, 'patience', { min: 0, max: 86_400 });
  const patienceMs = seconds === undefined ? undefined : seconds * 1_000;
  return { ...manySeries(call), from: start, to, out, patienceMs };
}

/**
 * The configuration with the source at another address, where the call names one. The rules for addresses and realms are
 * the configuration's own. @throws ConfigError; UsageError
 */
export function withAddress(call: Call, config: RuntimeConfig, source: string): RuntimeConfig {
  const url = textOf(call, 'baseUrl');
  const realm = textOf(call, 'realm');
  if (url === undefined) {
    if (realm !== undefined)
      throw new UsageError({ en: '--realm goes with --base-url', zh: '--realm 须与 --base-url 一起使用' });
    const isMadeUp = source === 'sandbox' && !config.sources[source];
    return isMadeUp ? withSource(config, source, { driver: 'sandbox' }) : config;
  }
  const known = config.sources[source];
  const exchange = known?.exchange ?? source;
  const written = { driver: 'ccxt', exchange, base_url: url, ...(realm !== undefined && { realm }) };
  return withSource(config, source, written);
}

function withSource(config: RuntimeConfig, id: string, written: object): RuntimeConfig {
  const text = JSON.stringify({ sources: { [id]: written } });
  const { sources } = parseRuntimeConfig({ text, file: '--base-url', env: {} });
  return { ...config, sources: { ...config.sources, ...sources } };
}

/** How many letters to add, leave out or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const changed = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Refuses what no source can serve, before anything is asked of a venue. @throws UsageError */
export function checkSource(plan: BackfillPlan, sources: SourceRegistry): void {
  const described = sources.describe(plan.source);
  if (!described) {
    const like = sources.ids().filter((id) => distance(id, plan.source) <= 2);
    const near = like.slice(0, 6);
    const meant = near.length > 0;
    throw new UsageError({
      en: `there is no source ${plan.source}${meant ? `; did you mean ${near.join(', ')}?` : ''}`,
      zh: `没有来源 ${plan.source}${meant ? `；是否要用 ${near.join('、')}？` : ''}`,
    });
  }
  const frames = described.dataTypes['kline'];
  if (!frames)
    throw new UsageError({ en: `${plan.source} gives no candles`, zh: `${plan.source} 不提供 K 线` });
  const wrong = plan.timeframes.find((t) => frames.length > 0 && !frames.includes(t));
  if (wrong !== undefined)
    throw new UsageError({
      en: `${plan.source} gives no ${wrong} candles; it gives ${frames.join(', ')}`,
      zh: `${plan.source} 没有 ${wrong} K 线；可用 ${frames.join('、')}`,
    });
}

/** The file of one of several series: `out.csv` becomes `out-BTC-USDT-1m.csv`. */
export function fileOf(out: string, symbol: string, timeframe: string, several: boolean): string {
  if (!several) return out;
  const dot = out.lastIndexOf('.');
  const name = `${symbol}-${timeframe}`.replace(/[^\p{L}\p{N}._]+/gu, '-');
  return `${out.slice(0, dot)}-${name}${out.slice(dot)}`;
}
