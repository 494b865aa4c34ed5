/** Half-open span of time `[from, to)` in UTC epoch milliseconds. Empty when `to <= from`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export const isEmptyRange = (r: TimeRange): boolean => r.to <= r.from;

export const intersectRange = (a: TimeRange, b: TimeRange): TimeRange => ({
  from: Math.max(a.from, b.from),
  to: Math.min(a.to, b.to),
});

/** Ordered, disjoint, non-touching union of any ranges. */
export function unionRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const sorted = ranges.filter((r) => !isEmptyRange(r)).sort((a, b) => a.from - b.from);
  const out: { from: number; to: number }[] = [];
  for (const r of sorted) {
    const last = out.at(-1);
    if (last && r.from <= last.to) last.to = Math.max(last.to, r.to);
    else out.push({ from: r.from, to: r.to });
  }
  return out;
}

/** What of `asked` is in none of `taken`; ordered and disjoint. */
export function subtractRanges(asked: TimeRange, taken: readonly TimeRange[]): TimeRange[] {
  const out: TimeRange[] = [];
  let from = asked.from;
  for (const t of unionRanges(taken)) {
    if (t.to <= from) continue;
    if (t.from >= asked.to) break;
    if (t.from > from) out.push({ from, to: t.from });
    from = Math.max(from, t.to);
  }
  if (from < asked.to) out.push({ from, to: asked.to });
  return out;
}
