import type { Environment } from './environment.ts';
import { Secret } from './secret.ts';

/** The proxy that the environment names for all sources, as other programs read it. */
export interface EnvProxy {
  /** May hold a user and a password. */
  readonly url: Secret;
  /** Hosts to reach directly. */
  readonly except: readonly string[];
}

const URL_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const;

/**
 * Reads HTTPS_PROXY, or else ALL_PROXY, and NO_PROXY, in either case; lower case wins. HTTP_PROXY is for plain http,
 * which no source uses beyond this machine.
 */
export function proxyOf(env: Environment): EnvProxy | undefined {
  const url = firstSet(env, URL_VARIABLES);
  if (url === undefined) return undefined;
  const except = firstSet(env, ['no_proxy', 'NO_PROXY'])?.split(/[\s,]+/) ?? [];
  return { url: new Secret(withScheme(url)), except: except.filter((entry) => entry !== '') };
}

const firstSet = (env: Environment, names: readonly string[]): string | undefined =>
  names.map((name) => env[name]?.trim()).find((value) => value !== undefined && value !== '');

/** `proxy.example:3128` is a common way to write it. */
const withScheme = (url: string): string => (url.includes('://') ? url : `http://${url}`);
