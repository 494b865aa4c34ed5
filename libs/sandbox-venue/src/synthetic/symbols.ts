import { HOUR } from '../intervals.ts';
import { mix, streamKey } from './hash.ts';

/** A symbol of the synthetic world: its grids, its size and its beginning. */
export interface SyntheticSymbol {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Prices are whole multiples of 10^-tickDecimals, volumes of 10^-stepDecimals; together at most 8. */
  readonly tickDecimals: number;
  readonly stepDecimals: number;
  /** The price the path wanders around, in quote units. */
  readonly basePrice: number;
  /** Average base volume of a minute. */
  readonly minuteVolume: number;
  /** Aggregate trades in each hour, exactly. Below about 120, some minutes have no trade. */
  readonly printsPerHour: number;
  /** Average number of trades behind one aggregate trade. */
  readonly tradesPerPrint: number;
  /** The first instant of trading; rounded down to the hour. */
  readonly listedAt: number;
}

type Row = readonly [string, string, number, number, number, number, number, number, string];

/** base, quote, tick decimals, step decimals, base price, volume a minute, prints an hour, trades a print, listing. */
const MAJORS: readonly Row[] = [
  ['BTC', 'USDT', 2, 5, 26_000, 22, 300, 170, '2017-08-17T04:00Z'],
  ['ETH', 'USDT', 2, 4, 1_500, 240, 300, 120, '2017-08-17T04:00Z'],
  ['BNB', 'USDT', 2, 3, 210, 160, 300, 32, '2017-11-06T03:00Z'],
  ['SOL', 'USDT', 2, 3, 60, 900, 300, 48, '2020-08-11T06:00Z'],
  ['XRP', 'USDT', 4, 1, 0.55, 90_000, 300, 19, '2018-05-04T08:00Z'],
  ['ADA', 'USDT', 4, 1, 0.45, 70_000, 300, 10, '2018-04-17T04:00Z'],
  ['DOGE', 'USDT', 5, 0, 0.09, 520_000, 300, 16, '2019-07-05T12:00Z'],
  ['LTC', 'USDT', 2, 3, 85, 120, 300, 6, '2017-12-13T03:00Z'],
  ['LINK', 'USDT', 2, 2, 11, 900, 300, 6, '2019-01-16T10:00Z'],
  ['AVAX', 'USDT', 2, 2, 22, 500, 240, 6, '2020-09-22T06:00Z'],
  ['DOT', 'USDT', 3, 2, 7, 800, 180, 4, '2020-08-18T23:00Z'],
  ['TRX', 'USDT', 4, 1, 0.08, 260_000, 180, 4, '2018-06-11T11:00Z'],
  ['ETH', 'BTC', 5, 3, 0.058, 30, 120, 5, '2017-07-14T04:00Z'],
  ['ATOM', 'USDT', 3, 2, 10, 60, 60, 1, '2019-04-29T04:00Z'],
];

/** The symbols of a synthetic venue that is not told otherwise. */
export const DEFAULT_SYMBOLS: readonly SyntheticSymbol[] = MAJORS.map(
  ([
    base,
    quote,
    tickDecimals,
    stepDecimals,
    basePrice,
    minuteVolume,
    printsPerHour,
    tradesPerPrint,
    day,
  ]) => ({
    symbol: base + quote,
    base,
    quote,
    tickDecimals,
    stepDecimals,
    basePrice,
    minuteVolume,
    printsPerHour,
    tradesPerPrint,
    listedAt: Date.parse(day),
  }),
);

const QUOTES = ['USDT', 'USDC', 'BUSD', 'FDUSD', 'TUSD', 'USD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY'] as const;
const FIRST_LISTING = Date.UTC(2017, 7, 17, 4);
const LISTING_SPAN_HOURS = 4 * 365 * 24;

/** Cuts `BTCUSDT` into base and quote. Throws when it ends in no quote asset we know. */
export function splitSymbol(symbol: string): { base: string; quote: string } {
  const quote = QUOTES.find((known) => symbol.endsWith(known) && symbol.length > known.length);
  if (quote === undefined) throw new Error(`Cannot tell base from quote in symbol "${symbol}"`);
  return { base: symbol.slice(0, -quote.length), quote };
}

/** The symbol of that name: a default one, or one made up from its name alone, so that any universe can be served. */
export function symbolNamed(symbol: string): SyntheticSymbol {
  const known = DEFAULT_SYMBOLS.find((candidate) => candidate.symbol === symbol);
  if (known !== undefined) return known;
  const key = streamKey(symbol);
  const basePrice = 10 ** ((mix(key, 0) % 400) / 100 - 1);
  return {
    symbol,
    ...splitSymbol(symbol),
    tickDecimals: basePrice < 1 ? 5 : 3,
    stepDecimals: basePrice < 1 ? 0 : 2,
    basePrice,
    minuteVolume: 4_000 / basePrice,
    printsPerHour: 60 + (mix(key, 1) % 240),
    tradesPerPrint: 1 + (mix(key, 2) % 6),
    listedAt: FIRST_LISTING + (mix(key, 3) % LISTING_SPAN_HOURS) * HOUR,
  };
}
