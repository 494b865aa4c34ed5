import { fromUnits, toUnits } from '../decimals.ts';

/** How other venues print decimals. Binance pads to eight places; these take that text and never a double. */

/** Without trailing zeros: `24341.40000000` is `24341.4`, `628.00000000` is `628`. */
export const trimmed = (text: string): string =>
  text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;

/** With exactly so many places; what does not fit is cut off. */
export function withPlaces(text: string, places: number): string {
  const dot = text.indexOf('.');
  const whole = dot < 0 ? text : text.slice(0, dot);
  const fraction = dot < 0 ? '' : text.slice(dot + 1);
  return places === 0 ? whole : `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`;
}

/** How many places a tick such as `0.01000000` has. */
export const placesOf = (tick: string): number => trimmed(tick).split('.')[1]?.length ?? 0;

const ONE = 100_000_000n;

/** a / b to eight places, cut off; zero where b is. */
export function ratio(a: string, b: string): string {
  const divisor = toUnits(b);
  return fromUnits(divisor === 0n ? 0n : (toUnits(a) * ONE) / divisor);
}

/** The rise from `from` to `to` as a fraction, to so many places. */
export const riseOf = (from: string, to: string, places: number): string =>
  withPlaces(ratio(fromUnits(toUnits(to) - toUnits(from)), from), places);

/** `2024-03-05T13:37:41Z`, or with milliseconds. */
export const isoSeconds = (instant: number): string => `${new Date(instant).toISOString().slice(0, 19)}Z`;
