/**
 * A copy of ccxt's table of addresses in which every http origin, templates like `{hostname}` included, is replaced and
 * every path kept. Web socket addresses stay: nothing here opens one.
 */
export function redirectUrls(addresses: unknown, origin: string): unknown {
  if (typeof addresses === 'string') return addresses.replace(/^https?:\/\/[^/]+/, origin);
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(
    Object.entries(addresses).map(([name, value]) => [name, redirectUrls(value, origin)]),
  );
}
