/** Longer names are not compared: the work grows with the square of the length, and nobody mistypes so much. */
const LONGEST = 64;

/** How many single-character changes turn `a` into `b`; a swap of neighbours, the commonest slip, counts as one. */
export function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let back = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((back[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (back[j - 1] ?? 0) + (same ? 0 : 1));
      if (!same && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (twoBack[j - 2] ?? 0) + 1);
      row.push(best);
    }
    twoBack = back;
    back = row;
  }
  return back[b.length] ?? 0;
}

/**
 * The candidate that a mistyped name most likely means; undefined when none is near enough to be more than a guess. `plain`
 * takes away what a person would not tell apart: without it, the case of letters.
 */
export function nearestName(
  name: string,
  candidates: Iterable<string>,
  plain: (name: string) => string = (text) => text.toLowerCase(),
): string | undefined {
  if (name.length > LONGEST) return undefined;
  const wanted = plain(name);
  let best: { readonly candidate: string; readonly far: number } | undefined;
  for (const candidate of candidates) {
    const far = editDistance(wanted, plain(candidate));
    if (best === undefined || far < best.far) best = { candidate, far };
  }
  return best !== undefined && best.far <= Math.max(1, Math.floor(wanted.length / 3))
    ? best.candidate
    : undefined;
}
