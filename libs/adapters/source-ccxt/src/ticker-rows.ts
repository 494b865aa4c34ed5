import { BadSourceDataError, batchOfRows, TICKER, type RecordBatch, type Value } from '@kairos/domain';
import type { CcxtTicker } from './ccxt-exchange.ts';

/** ccxt's names of the columns after the two times, in the order of the data type. */
const FIELDS = [
  'last',
  'bid',
  'ask',
  'bidVolume',
  'askVolume',
  'open',
  'high',
  'low',
  'baseVolume',
  'quoteVolume',
] as const;

/** One ticker as a batch of one record, keyed by when it was received. @throws BadSourceDataError on odd values. */
export function tickerBatch(ticker: CcxtTicker, receivedAt: number, what: string): RecordBatch {
  const venueTs = Number.isSafeInteger(ticker.timestamp) ? Number(ticker.timestamp) : null;
  const values: Value[] = [venueTs, receivedAt, ...FIELDS.map((name) => decimalText(ticker[name]))];
  try {
    return batchOfRows(TICKER, [{ ts: receivedAt, values }]);
  } catch (error) {
    throw new BadSourceDataError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const decimalText = (value: unknown): string | null =>
  value === undefined || value === null ? null : String(value);
