/**
 * Points a client's table of addresses (such as ccxt's `urls.api`) at the venue: in a copy, the origin of each http
 * address is replaced and its path kept. Other values, web sockets among them, stay as they are.
 */
export function redirectOrigins<T>(addresses: T, venueUrl: string): T;
export function redirectOrigins(addresses: unknown, venueUrl: string): unknown {
  if (typeof addresses === 'string') return addresses.replace(/^https?:\/\/[^/]+/, venueUrl);
  if (typeof addresses !== 'object' || addresses === null) return addresses;
  return Object.fromEntries(
    Object.entries(addresses).map(([name, value]) => [name, redirectOrigins<unknown>(value, venueUrl)]),
  );
}
