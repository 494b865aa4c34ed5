import { ConfigError } from '@kairos/domain';
import { buildConnector, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici';
import { guardedLookup, isForbiddenHost, isLoopbackHost } from './addresses.ts';

/** The way out through another machine. The URL may hold a user and a password, and is never printed. */
export interface ProxySettings {
  /** `http:`, `https:` or `socks5:`; an origin, with or without user and password. */
  readonly url: string;
  /** Hosts to reach directly, as `NO_PROXY` lists them: names with all below them, addresses, `*`; `:port` narrows. */
  readonly except?: readonly string[] | undefined;
}

/** The same, checked. */
export interface ProxyRoute {
  readonly url: URL;
  readonly except: readonly string[];
}

/** Names are looked up by the proxy in any case, which is what the `h` asks for. */
const SOCKS: ReadonlySet<string> = new Set(['socks:', 'socks5:', 'socks5h:']);

/** @throws ConfigError that names the key, not the value: it may hold a password. */
export function proxyRoute({ url: text, except = [] }: ProxySettings, key: string): ProxyRoute {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem = url ? problemOf(url) : 'is not a URL such as http://127.0.0.1:3128';
  if (!url || problem !== undefined) throw new ConfigError(`${key} ${problem ?? ''}`, { key });
  return { url, except: except.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '') };
}

function problemOf(url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:' && !SOCKS.has(url.protocol))
    return 'must be of the scheme http, https or socks5';
  if (url.hostname === '') return 'names no host';
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    return 'must be an address without a path';
  if (!isReadable(url.username) || !isReadable(url.password))
    return 'has a user or password that is not URL-encoded: write % as %25';
  return isForbiddenHost(url.hostname) ? 'must not be a link-local or metadata address' : undefined;
}

function isReadable(encoded: string): boolean {
  try {
    return decodeURIComponent(encoded) !== undefined;
  } catch {
    return false;
  }
}

/** Whether a request goes out through the proxy. What is on this machine never does. */
export const isProxied = ({ except }: ProxyRoute, target: URL): boolean =>
  !isLoopbackHost(target.hostname) && !except.some((entry) => isCovered(entry, target));

function isCovered(entry: string, target: URL): boolean {
  if (entry === '*') return true;
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (port !== undefined && port !== (target.port || (target.protocol === 'https:' ? '443' : '80')))
    return false;
  const name = host.replace(/^\*?\./, '');
  return name !== '' && (target.hostname === name || target.hostname.endsWith(`.${name}`));
}

/** Sends requests through the proxy: by a tunnel, so it sees the names of hosts and nothing else. */
export function proxyDispatcher({ url }: ProxyRoute): Dispatcher {
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  if (SOCKS.has(url.protocol)) {
    const uri = `socks5://${url.host}`;
    const connect = buildConnector({ lookup: guardedLookup });
    return new Socks5ProxyAgent(uri, { connect, ...(user === '' ? {} : { username: user, password }) });
  }
  const token = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return new ProxyAgent({
    uri: url.origin,
    keepAliveTimeout: 30_000,
    proxyTls: { lookup: guardedLookup },
    ...(user === '' ? {} : { token }),
  });
}
