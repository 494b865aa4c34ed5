/** What a refusal says of its length. */
export interface CooldownHints {
  readonly status: number | undefined;
  /** The Retry-After header: seconds, or a date. */
  readonly retryAfter: string | undefined;
  /** Message and body, which may name the end of a ban in epoch milliseconds. */
  readonly text: string;
  readonly now: number;
}

/** After 418 (banned) the venue is left alone longer than after 429 (slow down). */
const BANNED_MS = 120_000;
const SLOW_DOWN_MS = 15_000;
const LONGEST_MS = 7 * 86_400_000;

/** How long to stay away: the longest of what the venue says, or a cautious guess. Whole milliseconds, at least 1. */
export function cooldownMs({ status, retryAfter, text, now }: CooldownHints): number {
  const hints = [headerMs(retryAfter, now), bannedMs(text, now)].filter((ms) => ms !== undefined && ms > 0);
  const told = hints.length > 0 ? Math.max(...hints.map(Number)) : undefined;
  return Math.min(LONGEST_MS, Math.max(1, Math.ceil(told ?? (status === 418 ? BANNED_MS : SLOW_DOWN_MS))));
}

function headerMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds * 1_000;
  const date = Date.parse(value);
  return Number.isFinite(date) ? date - now : undefined;
}

function bannedMs(text: string, now: number): number | undefined {
  const until = /banned until (\d{13})/i.exec(text)?.[1];
  return until === undefined ? undefined : Number(until) - now;
}
