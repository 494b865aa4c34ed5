import type { RuntimeConfig, SourceConfig } from '@kairos/config';
import { KairosError, SourceError } from '@kairos/domain';
import type { SourceCall, SourceRegistry } from '@kairos/ports';
import type { Text } from '../command.ts';
import { duration } from '../terminal/figures.ts';
import { regionHint } from '../venue-hints.ts';
import { same, type Check } from './check.ts';

/** Bars close by the earlier of both clocks: one that is behind makes everything late, one that is ahead is corrected. */
const WARN_SKEW_MS = 2_000;
const FAIL_SKEW_MS = 30_000;
const PATIENCE_MS = 20_000;

const TRY_SYMBOLS = ['BTC/USDT', 'BTC/USD', 'BTC/EUR', 'ETH/USDT'];

/** One source: whether it answers, what its clock says, and whether its keys are there. */
export async function sourceChecks(
  id: string,
  p: { readonly config: RuntimeConfig; readonly sources: SourceRegistry },
): Promise<Check[]> {
  const settings = p.config.sources[id];
  const keys = settings ? credentialsCheck(id, settings) : [];
  const label = same(id);
  const startedAt = performance.now();
  try {
    const source = await p.sources.open(id);
    const call: SourceCall = { signal: AbortSignal.timeout(PATIENCE_MS), priority: 'live' };
    const asked = Date.now();
    const venue = await source.venueTime(call);
    const took = Date.now() - asked;
    if (venue === undefined) await findAny(source, call);
    const time = duration(performance.now() - startedAt);
    const { realm } = source;
    const seen = { en: `answers (${realm}), in ${time}`, zh: `有应答（${realm}），用时 ${time}` };
    const reached: Check = { id: `source.${id}`, label, verdict: 'ok', seen };
    return [reached, ...skewCheck(id, venue, { at: asked + took / 2, settings }), ...keys];
  } catch (error) {
    return [failed(id, error, settings), ...keys];
  }
}

/** Where no time is told, a market is asked for: any answer will do. */
async function findAny(source: Awaited<ReturnType<SourceRegistry['open']>>, call: SourceCall): Promise<void> {
  for (const symbol of TRY_SYMBOLS) {
    try {
      await source.resolve({ symbol, dataType: 'kline' }, call);
      return;
    } catch (error) {
      if (!(error instanceof SourceError) || error.scope !== 'series') throw error;
    }
  }
}

function skewCheck(
  id: string,
  venue: number | undefined,
  p: { readonly at: number; readonly settings: SourceConfig | undefined },
): Check[] {
  const label = { en: `${id} clock`, zh: `${id} 时钟` };
  const check = { id: `clock.${id}`, label };
  if (venue === undefined)
    return [{ ...check, verdict: 'ok', seen: { en: 'the venue tells no time', zh: '交易所不提供时间' } }];
  if (p.settings?.driver === 'sandbox' && p.settings.clock !== undefined)
    return [{ ...check, verdict: 'ok', seen: { en: 'stands still, as configured', zh: '按配置静止' } }];
  const skew = Math.round(p.at - venue);
  const size = Math.abs(skew);
  if (size < WARN_SKEW_MS)
    return [
      { ...check, verdict: 'ok', seen: { en: `within ${size} ms of this one`, zh: `与本机相差 ${size} ms` } },
    ];
  const ahead = skew > 0;
  return [
    {
      ...check,
      verdict: size < FAIL_SKEW_MS ? 'warn' : 'fail',
      seen: {
        en: `this clock is ${duration(size)} ${ahead ? 'ahead of' : 'behind'} the venue's`,
        zh: `本机时钟比交易所${ahead ? '快' : '慢'} ${duration(size)}`,
      },
      remedy: {
        en: 'set the clock by NTP (timedatectl set-ntp true); until then bars are taken as closed by the earlier clock, so data come late but are right',
        zh: '请用 NTP 校时（timedatectl set-ntp true）；在此之前以较慢的时钟判断收盘，数据会迟到但不会错',
      },
    },
  ];
}

const REMEDIES: Readonly<Record<string, Text>> = {
  SOURCE_AUTH: {
    en: 'the venue refuses the keys: check them, and their permissions',
    zh: '交易所拒绝密钥：请检查密钥与权限',
  },
  SOURCE_RATE_LIMITED: {
    en: 'wait; other programs on this address may use up the limit (budget_share)',
    zh: '请稍候；本地址上的其他程序可能占用了限额（budget_share）',
  },
  SOURCE_UNAVAILABLE: {
    en: 'check the network and the proxy; the venue may be out',
    zh: '请检查网络与代理；也可能是交易所停机',
  },
  SOURCE_UNKNOWN: {
    en: 'write the id of an exchange as ccxt does, or configure it',
    zh: '请使用 ccxt 的交易所 id，或加以配置',
  },
};

function failed(id: string, error: unknown, settings: SourceConfig | undefined): Check {
  const known = KairosError.is(error) ? error : undefined;
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  const seen = known
    ? `${known.code}: ${known.message}`
    : timedOut
      ? `no answer within ${PATIENCE_MS / 1_000} s`
      : String(error);
  const region = (language: 'en' | 'zh'): string | undefined =>
    known && regionHint(known, settings?.exchange ?? id, language);
  const [en, zh] = [region('en'), region('zh')];
  const remedy =
    en !== undefined && zh !== undefined ? { en, zh } : REMEDIES[known?.code ?? 'SOURCE_UNAVAILABLE'];
  return { id: `source.${id}`, label: same(id), verdict: 'fail', seen: same(seen), remedy };
}

function credentialsCheck(id: string, settings: SourceConfig): Check[] {
  if (settings.driver !== 'ccxt') return [];
  const label = { en: `${id} keys`, zh: `${id} 密钥` };
  const check = { id: `keys.${id}`, label, verdict: 'ok' as const };
  const { credentials, baseUrl, sendCredentials } = settings;
  if (!credentials)
    return [{ ...check, seen: { en: 'none set; public data need none', zh: '未设置；公开数据不需要' } }];
  const names = [credentials.apiKey, credentials.secret, credentials.password].flatMap(
    (c) => c?.variable ?? [],
  );
  const kept = baseUrl !== undefined && !sendCredentials;
  return [
    {
      ...check,
      seen: {
        en: `${names.join(', ')} set${kept ? '; not sent to base_url' : ''}`,
        zh: `已设置 ${names.join('、')}${kept ? '；不发送到 base_url' : ''}`,
      },
    },
  ];
}
