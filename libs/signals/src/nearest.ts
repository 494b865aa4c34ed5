import { editDistance } from '@kairos/domain';

/** Longer names are not compared: the work grows with the square of the length. */
const MAX_COMPARED = 64;

/** Two edits in any name of four letters: short names are mistyped as badly as long ones. */
const allowedEdits = (length: number): number => Math.max(length < 4 ? 1 : 2, Math.floor(length / 3));

const isNear = (name: string, candidate: string, edits: number): boolean =>
  edits <= allowedEdits(Math.max(name.length, candidate.length)) ||
  (name.length >= 3 && (candidate.startsWith(name) || name.startsWith(candidate)));

/** The candidate a mistyped name most likely means, regardless of case; undefined when none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length === 0 || name.length > MAX_COMPARED) return undefined;
  const lower = name.toLowerCase();
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = editDistance(lower, candidate.toLowerCase());
    if (isNear(lower, candidate.toLowerCase(), edits) && edits < (best?.edits ?? Infinity))
      best = { candidate, edits };
  }
  return best?.candidate;
}

/** As a message parameter: absent when nothing is near. */
export function suggestionFor(name: string, candidates: readonly string[]): { readonly suggestion?: string } {
  const suggestion = nearest(name, candidates);
  return suggestion === undefined ? {} : { suggestion };
}
