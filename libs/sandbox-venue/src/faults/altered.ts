import { fromUnits, toUnits, ZERO } from '../decimals.ts';
import type { Kline } from '../market.ts';

/**
 * The bar with one number changed so that the bar alone still makes sense: the volume doubled (1 where there was none),
 * or the close moved to the high, to the low, or in a flat bar to a new high.
 */
export function altered(bar: Kline, field: 'close' | 'volume'): Kline {
  if (field === 'volume') {
    return { ...bar, volume: bar.volume === ZERO ? '1.00000000' : fromUnits(2n * toUnits(bar.volume)) };
  }
  if (bar.close !== bar.high) return { ...bar, close: bar.high };
  if (bar.close !== bar.low) return { ...bar, close: bar.low };
  const raised = fromUnits(2n * toUnits(bar.close));
  return { ...bar, close: raised, high: raised };
}
