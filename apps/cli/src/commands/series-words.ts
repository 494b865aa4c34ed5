import { isTimeframe } from '@kairos/domain';
import { UsageError, type Call } from '../command.ts';
import { spanOf, textOf } from '../options.ts';
import type { Signal } from './ask.ts';

const isTime = (text: string): boolean => isTimeframe(text);

export interface OneSeries {
  readonly source: string;
  readonly symbol: string;
  readonly timeframe: string;
}

/** `SOURCE SYMBOL TIMEFRAME`. @throws UsageError */
export function oneSeries(call: Call): OneSeries {
  const [source = '', symbol = '', timeframe = ''] = call.words;
  if (!isTime(timeframe))
    throw new UsageError({
      en: `${timeframe} is no timeframe such as 1m, 1h or 1d`,
      zh: `${timeframe} 不是周期；例如 1m、1h、1d`,
    });
  return { source, symbol, timeframe };
}

/** `SOURCE SYMBOL... TIMEFRAME[,TIMEFRAME]`. @throws UsageError */
export function manySeries(call: Call): {
  readonly source: string;
  readonly symbols: readonly string[];
  readonly timeframes: readonly string[];
} {
  const [source = '', ...rest] = call.words;
  const last = rest.at(-1) ?? '';
  const timeframes = [...new Set(last.split(','))];
  const symbols = [...new Set(rest.slice(0, -1))];
  const wrong = timeframes.find((t) => !isTime(t));
  if (wrong !== undefined)
    throw new UsageError({
      en: `${wrong} is no timeframe such as 1m, 1h or 1d; it comes last, after the symbols`,
      zh: `${wrong} 不是周期；例如 1m、1h、1d，写在最后、标的之后`,
    });
  if (symbols.length === 0)
    throw new UsageError({
      en: 'name at least one symbol, such as BTC/USDT',
      zh: '请至少写一个标的，例如 BTC/USDT',
    });
  return { source, symbols, timeframes };
}

/** `true` where the option stands alone, else the timeframe it names. @throws UsageError */
export function deriveOf(call: Call): string | true | undefined {
  const { derive } = call.options;
  if (derive === true) return true;
  const named = textOf(call, 'derive');
  if (named !== undefined && !isTime(named))
    throw new UsageError({
      en: `--derive ${named}: is no timeframe such as 1m, 1h or 1d`,
      zh: `--derive ${named}：不是周期；例如 1m、1h、1d`,
    });
  return named;
}

/** The fields of a signal about one series, by words and options. @throws UsageError */
export function seriesSignal(call: Call): Signal {
  const { source, symbol, timeframe } = oneSeries(call);
  const { from, to } = spanOf(call);
  return {
    source,
    symbol,
    frequency: timeframe,
    data_type: textOf(call, 'type') ?? 'kline',
    realm: textOf(call, 'realm'),
    price: textOf(call, 'price'),
    from,
    to,
  };
}
