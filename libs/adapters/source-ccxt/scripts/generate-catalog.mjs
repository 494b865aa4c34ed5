// Writes src/generated/catalog.json: what each exchange of the installed ccxt offers, so that a signal can be checked
// offline and without loading ccxt. Run after an upgrade: node scripts/generate-catalog.mjs
import { writeFileSync } from 'node:fs';
import ccxt from 'ccxt';

const TIMEFRAME = /^[1-9]\d{0,3}[smhdwM]$/;

/** @param {string} id */
function describeExchange(id) {
  const exchange = new ccxt[id]();
  const ohlcv = exchange.has.fetchOHLCV === true ? Object.keys(exchange.timeframes ?? {}) : [];
  const ticker = exchange.has.fetchTicker === true || exchange.has.fetchTickers === true;
  return { ohlcv: ohlcv.filter((timeframe) => TIMEFRAME.test(timeframe)), ticker };
}

const lines = [...ccxt.exchanges]
  .sort()
  .map((id) => `  ${JSON.stringify(id)}: ${JSON.stringify(describeExchange(id))}`);
const file = new URL('../src/generated/catalog.json', import.meta.url);
writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
