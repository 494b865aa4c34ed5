export { CcxtMarketDataSource, type CcxtSourceDeps } from './ccxt-market-data-source.ts';
export { type MarketCache } from './market-shelf.ts';
export {
  budgetShares,
  createCcxtSources,
  type CcxtSourcesOptions,
  type CcxtSourcesSettings,
} from './registry.ts';
export { ccxtSource, type CcxtInstance, type CcxtSourceOptions } from './own-exchange.ts';
export { type ProxySettings } from './proxy.ts';
export { type CcxtCredentials, type CcxtSourceSettings } from './settings.ts';
