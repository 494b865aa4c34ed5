import { batchOfColumns, KLINE, type RecordBatch } from '@kairos/domain';

/** A made-up market: prices walk at random on a tick grid; some minutes have no trade. */
export interface SyntheticMarket {
  readonly name: string;
  readonly seed: number;
  readonly price: number;
  readonly priceDecimals: number;
  readonly volumeDecimals: number;
  readonly quoteDecimals: number;
  /** Standard deviation of a minute's return. */
  readonly sigma: number;
  readonly volume: number;
  /** Share of minutes without trades. */
  readonly quiet: number;
}

export const SYNTHETIC_MARKETS: readonly SyntheticMarket[] = [
  {
    name: 'liquid',
    seed: 1,
    price: 60_000,
    priceDecimals: 2,
    volumeDecimals: 5,
    quoteDecimals: 7,
    sigma: 5e-4,
    volume: 12,
    quiet: 0,
  },
  {
    name: 'mid',
    seed: 2,
    price: 1.2345,
    priceDecimals: 4,
    volumeDecimals: 1,
    quoteDecimals: 5,
    sigma: 1e-3,
    volume: 5000,
    quiet: 0.05,
  },
  {
    name: 'illiquid',
    seed: 3,
    price: 0.01234,
    priceDecimals: 5,
    volumeDecimals: 0,
    quoteDecimals: 5,
    sigma: 2e-3,
    volume: 3000,
    quiet: 0.7,
  },
];

const ROWS = 100_000;
const START = 1_700_000_040_000;
const MINUTE = 60_000;

/** Uniform numbers in [0, 1) from a seed (xorshift). */
function uniforms(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Candle {
  readonly prices: readonly [open: number, high: number, low: number, close: number];
  readonly volume: number;
  readonly turnover: number;
  readonly trades: number;
}

/** Candles one after another; prices in ticks, volumes and turnovers as numbers. */
function* walk(market: SyntheticMarket): Generator<Candle> {
  const uniform = uniforms(market.seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const tick = 10 ** -market.priceDecimals;
  let last = Math.round(market.price / tick);
  for (;;) {
    if (uniform() < market.quiet) {
      yield { prices: [last, last, last, last], volume: 0, turnover: 0, trades: 0 };
      continue;
    }
    const open = Math.max(1, last + (uniform() < 0.6 ? 0 : Math.round(normal() * 2)));
    const spread = last * market.sigma * (0.4 + uniform() * 1.2);
    const close = Math.max(1, Math.round(open + normal() * spread));
    const wick = (): number => Math.floor(Math.abs(normal()) * spread * 0.5);
    const high = Math.max(open, close) + wick();
    const low = Math.max(1, Math.min(open, close) - wick());
    const volume = Number((market.volume * Math.exp(normal() * 0.9)).toFixed(market.volumeDecimals));
    const mean = ((open + high + low + close) / 4) * tick * (1 + normal() * 1e-5);
    yield {
      prices: [open, high, low, close],
      volume,
      turnover: volume * mean,
      trades: Math.round(volume * 80 * (0.5 + uniform())),
    };
    last = close;
  }
}

/** A batch of such candles, every column filled. */
export function syntheticCandles(market: SyntheticMarket): RecordBatch {
  const candles = walk(market);
  const columns: (string | number)[][] = Array.from({ length: KLINE.columns.length }, () => []);
  for (let i = 0; i < ROWS; i += 1) {
    const { value } = candles.next();
    if (!value) break;
    const { prices, volume, turnover, trades } = value as Candle;
    const ticks = prices.map((price) => (price * 10 ** -market.priceDecimals).toFixed(market.priceDecimals));
    const row = [
      ...ticks,
      volume.toFixed(market.volumeDecimals),
      turnover.toFixed(market.quoteDecimals),
      trades,
    ];
    for (const [c, cell] of row.entries()) columns[c]?.push(cell);
  }
  return batchOfColumns(
    KLINE,
    Float64Array.from({ length: ROWS }, (_, i) => START + i * MINUTE),
    columns,
  );
}
