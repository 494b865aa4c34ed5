import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ConfigError } from '@kairos/domain';

/**
 * Which addresses a source may talk to. Plain http reaches only this machine. Link-local and metadata addresses are
 * refused at all times: a cloud hands out credentials there.
 */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('0.0.0.0', 8, 'ipv4');
for (const address of ['100.100.100.200', '168.63.129.16', '192.0.0.192'])
  FORBIDDEN.addAddress(address, 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6');
for (const address of ['fd20:ce::254', '::']) FORBIDDEN.addAddress(address, 'ipv6');
// The same IPv4 addresses, carried inside of IPv6 ones by translators and tunnels; `::ffff:` is seen through as it is.
for (const carrier of ['::', '::ffff:0:', '64:ff9b::', '64:ff9b:1::']) {
  FORBIDDEN.addSubnet(`${carrier}a9fe:0`, 112, 'ipv6');
  FORBIDDEN.addAddress(`${carrier}6464:64c8`, 'ipv6');
}
FORBIDDEN.addSubnet('2002:a9fe::', 32, 'ipv6');
FORBIDDEN.addSubnet('2002:6464:64c8::', 48, 'ipv6');

const FORBIDDEN_NAMES = new Set(['metadata.google.internal', 'metadata.tencentyun.com']);

const bare = (host: string): string =>
  host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();

function listed(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

export const isLoopbackHost = (host: string): boolean =>
  bare(host) === 'localhost' || listed(LOOPBACK, bare(host));

export const isForbiddenHost = (host: string): boolean =>
  FORBIDDEN_NAMES.has(bare(host)) || listed(FORBIDDEN, bare(host));

/** Why this URL must not be called; undefined when it may. */
export function refusalOf(url: URL): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return `the scheme ${url.protocol} is not http`;
  if (url.username !== '' || url.password !== '') return 'it carries a user name or password';
  if (isForbiddenHost(url.hostname)) return 'it is a link-local or metadata address';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return 'plain http may reach only this machine';
  return undefined;
}

/** The origin of a configured base URL. @throws ConfigError when it is no URL, has a path, or must not be called. */
export function originOf(baseUrl: string, key: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url) throw new ConfigError(`${key} is not a URL`, { key });
  const why =
    refusalOf(url) ??
    (url.pathname !== '/' || url.search !== '' ? 'it must be an origin without a path' : undefined);
  if (why !== undefined) throw new ConfigError(`${key} must not be ${url.origin}: ${why}`, { key });
  return url;
}

/** Looks names up like the system, but refuses those that lead to a forbidden address: names can be made to. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const bad = error ? undefined : found.find((a) => isForbiddenHost(a.address));
    const refusal = bad ? new Error(`${hostname} leads to a link-local or metadata address`) : error;
    const first = found?.[0];
    if (refusal) callback(refusal, '', 0);
    else if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  });
};
