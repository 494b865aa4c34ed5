import type { Issue } from '@kairos/domain';
import { suggestionFor } from './nearest.ts';
import { clip } from './render.ts';

/** So many wrong things are told at most; the rest is counted. */
export const MAX_ISSUES = 50;

/**
 * An issue, and the names among which the one meant may be found. Its path may hold raw text of the sender: it is made
 * safe, and the name looked up, only for issues that are told.
 */
export interface Found {
  readonly issue: Issue;
  readonly got?: string;
  readonly among?: readonly string[];
}

/** What is told of many findings: at most one per path and fifty in all, and how many were left out. */
export interface Findings {
  readonly issues: readonly Issue[];
  readonly more: number;
}

export const found = (path: string, code: string, params: Issue['params'] = {}): Found => ({
  issue: { path, code, params },
});

function told({ issue, got, among }: Found): Issue {
  const path = clip(issue.path);
  if (got === undefined || among === undefined) return { ...issue, path };
  return { ...issue, path, params: { ...issue.params, ...suggestionFor(got, among) } };
}

/** The first finding of each path, cut to fifty; `hidden` more were not even listed. */
export function settleFindings(all: readonly Found[], hidden = 0): Findings {
  const first = new Map<string, Found>();
  for (const item of all) if (!first.has(item.issue.path)) first.set(item.issue.path, item);
  const issues = [...first.values()].slice(0, MAX_ISSUES).map(told);
  return { issues, more: first.size - issues.length + hidden };
}
