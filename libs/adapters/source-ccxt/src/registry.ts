import { UnsupportedError } from '@kairos/domain';
import type { MarketDataSource, SourceDescription, SourceRegistry } from '@kairos/ports';
import { catalogEntry, catalogIds, dataTypesOf } from './catalog.ts';
import { CcxtMarketDataSource, type CcxtSourceDeps } from './ccxt-market-data-source.ts';
import { proxyRoute, type ProxyRoute, type ProxySettings } from './proxy.ts';
import { resolveSettings, type CcxtSourceSettings, type ResolvedSettings } from './settings.ts';
import { StatedLimits } from './stated-limits.ts';
import { poolPrefix } from './venue-prices.ts';

/** What the operator says of sources, by source id. */
export type CcxtSourcesSettings = Readonly<Record<string, CcxtSourceSettings>>;

export interface CcxtSourcesOptions extends CcxtSourceDeps {
  readonly sources?: CcxtSourcesSettings | undefined;
  /** The way out of every source that names no other, such as the environment's. */
  readonly proxy?: ProxySettings | undefined;
}

/**
 * Every exchange of ccxt as a source, under its own id, and those that the settings name besides. Settings are checked
 * here; an exchange's code is loaded when its source is first opened. @throws ConfigError
 */
export function createCcxtSources(options: CcxtSourcesOptions): SourceRegistry {
  const proxy = options.proxy && proxyRoute(options.proxy, 'the proxy of the environment');
  const settings = new Map<string, ResolvedSettings>();
  for (const [id, given] of Object.entries(options.sources ?? {}))
    settings.set(id, resolveSettings(id, given, proxy));
  return new CcxtSourceRegistry(settings, proxy, options);
}

/**
 * The share of each limit pool that the settings ask for, to be given to the budget; undefined where they say nothing.
 * Sources of one exchange share its pool: the smallest share asked for holds.
 */
export function budgetShares(sources: CcxtSourcesSettings): (pool: string) => number | undefined {
  const shares = Object.entries(sources).map(([id, s]) => ({
    prefix: poolPrefix(s.exchange ?? id),
    share: s.budgetShare,
  }));
  return (pool) => {
    const asked = shares.filter((s) => pool.startsWith(s.prefix)).flatMap((s) => s.share ?? []);
    return asked.length > 0 ? Math.min(...asked) : undefined;
  };
}

class CcxtSourceRegistry implements SourceRegistry {
  readonly #settings: ReadonlyMap<string, ResolvedSettings>;
  readonly #proxy: ProxyRoute | undefined;
  readonly #deps: CcxtSourceDeps;
  readonly #open = new Map<string, Promise<MarketDataSource>>();

  constructor(
    settings: ReadonlyMap<string, ResolvedSettings>,
    proxy: ProxyRoute | undefined,
    deps: CcxtSourceDeps,
  ) {
    this.#settings = settings;
    this.#proxy = proxy;
    this.#deps = { ...deps, limits: deps.limits ?? new StatedLimits() };
  }

  ids(): readonly string[] {
    return [...new Set([...catalogIds(), ...this.#settings.keys()])].sort();
  }

  describe(id: string): SourceDescription | undefined {
    const settings = this.#settingsOf(id);
    const entry = settings && catalogEntry(settings.exchange);
    return settings && entry
      ? { id, realm: settings.realm, dataTypes: dataTypesOf(settings.exchange, entry) }
      : undefined;
  }

  open(id: string): Promise<MarketDataSource> {
    const known = this.#open.get(id);
    if (known) return known;
    const settings = this.#settingsOf(id);
    if (!settings)
      return Promise.reject(
        new UnsupportedError(`there is no source ${id}`, { source: id }, 'SOURCE_UNKNOWN'),
      );
    const opening = CcxtMarketDataSource.open(settings, this.#deps);
    this.#open.set(id, opening);
    opening.catch(() => this.#open.delete(id));
    return opening;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(opened.flatMap((o) => (o.status === 'fulfilled' ? [o.value.close()] : [])));
  }

  #settingsOf(id: string): ResolvedSettings | undefined {
    return this.#settings.get(id) ?? (catalogEntry(id) ? resolveSettings(id, {}, this.#proxy) : undefined);
  }
}
