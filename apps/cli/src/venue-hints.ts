import type { SourceError } from '@kairos/domain';
import type { Language, Text } from './command.ts';

interface Mirror {
  readonly exchange: string;
  readonly hint: Text;
}

/** Where else the same data, or the like, can be had. */
const MIRRORS: readonly Mirror[] = [
  {
    exchange: 'binance',
    hint: {
      en: 'public spot data of the same venue: --base-url https://data-api.binance.vision --realm live (base_url and realm in the configuration); or, where it serves you, the source binanceus, which is a venue of its own',
      zh: '同一交易所的公开现货数据：--base-url https://data-api.binance.vision --realm live（配置中为 base_url 与 realm）；或使用另一家交易所 binanceus（如可用）',
    },
  },
];

const REGION: Text = {
  en: 'The venue refuses this region or network. Run where it is allowed, or go out through a proxy there (HTTPS_PROXY).',
  zh: '交易所拒绝本地区或本网络。请在允许的地区运行，或通过该处的代理访问（HTTPS_PROXY）。',
};

/** What to do when a venue refuses the region: by its name, or by the one its error begins with. */
export function regionHint(
  error: Pick<SourceError, 'code' | 'message'>,
  exchange: string | undefined,
  language: Language,
): string | undefined {
  if (error.code !== 'SOURCE_FORBIDDEN') return undefined;
  const name = exchange ?? /^[a-z0-9]+/.exec(error.message)?.[0];
  const mirror = MIRRORS.find((m) => m.exchange === name)?.hint[language];
  return mirror === undefined ? REGION[language] : `${REGION[language]}\n${mirror}`;
}
