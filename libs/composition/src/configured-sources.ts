import { readFile } from 'node:fs/promises';
import { ConfigError } from '@kairos/domain';
import type { RuntimeConfig, SandboxSourceConfig } from '@kairos/config';
import { DIALECTS, fixedClock, startSandboxVenue, type SandboxVenue } from '@kairos/sandbox-venue';
import { SharedVenueBudget } from '@kairos/budget-shared';
import type { BudgetStore, Calendars, Clock, Logger, SourceRegistry } from '@kairos/ports';
import {
  budgetShares,
  createCcxtSources,
  type CcxtSourceSettings,
  type ProxySettings,
} from '@kairos/source-ccxt';
import { openCalendars } from './configured-calendars.ts';

/** The settings of every configured source, its calendar, and the venues that were started for some of them. */
export interface PreparedSources {
  readonly settings: Readonly<Record<string, CcxtSourceSettings>>;
  /** Of every source that names no other. */
  readonly proxy?: ProxySettings | undefined;
  readonly venues: readonly SandboxVenue[];
  readonly calendars: Calendars;
}

/** What the venue speaks without a dialect. */
const MOTHER_TONGUE = 'binance';

async function startVenue(id: string, config: SandboxSourceConfig): Promise<SandboxVenue> {
  const dialects = DIALECTS.filter((dialect) => dialect.id === config.exchange);
  if (dialects.length === 0 && config.exchange !== MOTHER_TONGUE) {
    const spoken = [MOTHER_TONGUE, ...DIALECTS.map((dialect) => dialect.id)].join(', ');
    const key = `sources.${id}.exchange`;
    throw new ConfigError(`${key}: the sandbox venue speaks ${spoken}, not ${config.exchange}`, { key });
  }
  const { world, clock, latencyMs } = config;
  const mode =
    world.kind === 'synthetic'
      ? { kind: world.kind, seed: world.seed }
      : { kind: world.kind, id: recordingId(world.dir), dir: world.dir };
  try {
    return await startSandboxVenue({
      mode,
      latencyMs,
      dialects,
      ...(clock === undefined ? {} : { clock: fixedClock(clock) }),
    });
  } catch (error) {
    throw new ConfigError(
      `sources.${id}: the sandbox venue does not start: ${error instanceof Error ? error.message : String(error)}`,
      { key: `sources.${id}` },
    );
  }
}

const recordingId = (dir: string): string => dir.split(/[\\/]/).filter(Boolean).at(-1) ?? 'recording';

/**
 * Reads the calendars, starts a local venue for each sandbox source, and writes all sources as ccxt ones: the same client
 * for all. @throws ConfigError
 */
export async function prepareSources(config: RuntimeConfig): Promise<PreparedSources> {
  // First: what it refuses leaves no venue running.
  const calendars = await openCalendars(config, (file) => readFile(file, 'utf8'));
  const settings: Record<string, CcxtSourceSettings> = {};
  const venues: SandboxVenue[] = [];
  for (const [id, source] of Object.entries(config.sources)) {
    const { timeoutMs, budgetShare } = source;
    if (source.driver === 'ccxt') {
      const { exchange, baseUrl, proxy, realm, sendCredentials } = source;
      const credentials = source.credentials && {
        apiKey: source.credentials.apiKey.value.reveal(),
        secret: source.credentials.secret?.value.reveal(),
        password: source.credentials.password?.value.reveal(),
      };
      settings[id] = {
        exchange,
        baseUrl,
        proxy,
        realm,
        sendCredentials,
        timeoutMs,
        budgetShare,
        credentials,
      };
      continue;
    }
    const venue = await startVenue(id, source);
    venues.push(venue);
    const { exchange } = source;
    settings[id] = { exchange, baseUrl: venue.url, realm: venue.realm, timeoutMs, budgetShare };
  }
  const proxy = config.proxy && { url: config.proxy.url.reveal(), except: config.proxy.except };
  return { settings, proxy, venues, calendars };
}

/** The sources themselves. Whoever opens them with the same budget store keeps within the venues' limits together. */
export function openSources(p: {
  readonly sources: PreparedSources;
  readonly budget: BudgetStore;
  readonly clock: Clock;
  readonly log: Logger;
}): SourceRegistry {
  const { settings, proxy } = p.sources;
  const { clock, log } = p;
  const budget = new SharedVenueBudget({ store: p.budget, clock, share: budgetShares(settings) });
  return createCcxtSources({ sources: settings, proxy, budget, clock, log });
}
