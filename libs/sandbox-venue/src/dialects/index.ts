import type { Dialect } from '../dialect.ts';
import { BINANCE_USDM } from './binance-usdm.ts';
import { BYBIT } from './bybit.ts';
import { COINBASE_EXCHANGE } from './coinbase-exchange.ts';
import { COINBASE } from './coinbase.ts';
import { KRAKEN } from './kraken.ts';
import { OKX } from './okx.ts';

export { BINANCE_USDM, BYBIT, COINBASE, COINBASE_EXCHANGE, KRAKEN, OKX };

/** Every exchange but Binance spot. Their paths do not meet, so one venue can speak for all of them. */
export const DIALECTS: readonly Dialect[] = [OKX, BYBIT, KRAKEN, COINBASE, COINBASE_EXCHANGE, BINANCE_USDM];
