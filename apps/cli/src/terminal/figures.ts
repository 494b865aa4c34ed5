/** Numbers and times as people read them, the same in both languages. */

export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** 1,234 · 12.3k · 4.56M: at most five columns from 10,000 on. */
export function short(n: number): string {
  if (n < 10_000) return count(n);
  const [value, unit] = n < 999_500 ? [n / 1_000, 'k'] : [n / 1_000_000, 'M'];
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}${unit}`;
}

/** Share in percent, rounded so that neither 0 nor 100 is said of what is not. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.1) return '<0.1 %';
  if (part < whole && share > 99.9) return '>99.9 %';
  return `${share === 0 || share === 100 ? share : share.toFixed(1)} %`;
}

/** 850 ms · 4.2 s · 3:05 · 1:02:03. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3_600);
  const minutes = Math.floor((s % 3_600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** `2024-01-31 10:05`, UTC; seconds where there are any. */
export function clock(ts: number): string {
  const iso = new Date(ts).toISOString().replace('T', ' ');
  return ts % 60_000 === 0 ? iso.slice(0, 16) : ts % 1_000 === 0 ? iso.slice(0, 19) : iso.slice(0, 23);
}

export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
