import type { CoverageRun, Evidence, EvidenceRead, TimeRange } from '@kairos/domain';
import { contentId, intersectRange, isEmptyRange, subtractRanges, unionRanges } from '@kairos/domain';
import type { Check, Hearing, Witness } from './window.ts';

/** Grades of evidence that comparing can give an absence. */
export const COARSER_GRADE = 2;
export const SECOND_SOURCE_GRADE = 5;
/** At most so many reads are added to an evidence record: they say the same. */
const MAX_READS = 4;

/** An absence that others bear out. */
export interface Confirmed {
  readonly grade: number;
  readonly ranges: readonly TimeRange[];
  readonly reads: readonly EvidenceRead[];
}

export interface Deepened {
  readonly runs: readonly CoverageRun[];
  readonly evidence: readonly Evidence[];
}

/** Who lacks bars that there are cannot bear out that there are none. */
const isWellVersed = ({ relation, by, testimony }: Witness, hearings: readonly Hearing[]): boolean =>
  testimony.batches.some((batch) => batch.n > 0) &&
  hearings.some((h) => h.relation === relation && h.by === by && h.lacking === 0);

/** What the checks bear out: stretches in which what we hold is all that others have. `except`: where something is wrong. */
export function confirmedBy(p: {
  readonly checks: readonly Check[];
  readonly witnesses: readonly Witness[];
  readonly hearings: readonly Hearing[];
  readonly except: readonly TimeRange[];
}): Confirmed[] {
  const grades = { coarser: COARSER_GRADE, second: SECOND_SOURCE_GRADE } as const;
  return (['second', 'coarser'] as const).map((relation) => {
    const sound = p.checks.filter(
      (c) => c.relation === relation && c.differs.length === 0 && c.agrees.includes('volume'),
    );
    const witnesses = p.witnesses.filter(
      (w) => w.relation === relation && w.sameExchange && isWellVersed(w, p.hearings),
    );
    const by = new Set(witnesses.map((w) => w.by));
    const cells = unionRanges(sound.filter((c) => by.has(c.by)).map((c) => c.cell));
    return {
      grade: grades[relation],
      ranges: cells.flatMap((cell) => subtractRanges(cell, p.except)),
      reads: witnesses.flatMap((w) => w.testimony.reads),
    };
  });
}

function deeper(
  seriesKey: string,
  run: CoverageRun,
  prior: Evidence | undefined,
  confirmed: Confirmed,
  runId: string,
): { readonly run: CoverageRun; readonly evidence: Evidence } {
  const reads = confirmed.reads
    .filter((read) => !isEmptyRange(intersectRange(read, run)))
    .sort((a, b) => a.at - b.at)
    .slice(-MAX_READS);
  const body = {
    reason: run.reason ?? prior?.reason ?? 'unknown',
    grade: confirmed.grade,
    at: reads.at(-1)?.at ?? prior?.at ?? 0,
    runId,
    reads: [...(prior?.reads ?? []), ...reads],
    bracket: prior?.bracket,
  };
  const evidence = {
    id: contentId(`${seriesKey}|${run.from}|${run.to}|${JSON.stringify(body)}`),
    ...body,
  };
  return { run: { ...run, evidence: evidence.id, grade: confirmed.grade }, evidence };
}

/**
 * The absences of a window whose evidence reaches further now, as runs of a higher grade and their evidence records (all
 * reads kept, the new ones behind them). Strongest first; what is as well confirmed already is left alone. Pure.
 */
export function deepenAbsences(p: {
  readonly seriesKey: string;
  readonly runs: readonly CoverageRun[];
  readonly evidence: readonly Evidence[];
  readonly confirmed: readonly Confirmed[];
  readonly runId: string;
}): Deepened {
  const byId = new Map(p.evidence.map((e) => [e.id, e]));
  const out: { readonly run: CoverageRun; readonly evidence: Evidence }[] = [];
  let left = p.runs.filter((run) => run.state === 'empty');
  for (const confirmed of [...p.confirmed].sort((a, b) => b.grade - a.grade)) {
    const rest: CoverageRun[] = [];
    for (const run of left) {
      const pieces =
        (run.grade ?? 0) < confirmed.grade
          ? confirmed.ranges.map((r) => intersectRange(r, run)).filter((r) => !isEmptyRange(r))
          : [];
      const prior = run.evidence === undefined ? undefined : byId.get(run.evidence);
      for (const piece of pieces)
        out.push(deeper(p.seriesKey, { ...run, ...piece }, prior, confirmed, p.runId));
      for (const piece of subtractRanges(run, pieces)) rest.push({ ...run, ...piece });
    }
    left = rest;
  }
  out.sort((a, b) => a.run.from - b.run.from);
  return { runs: out.map((d) => d.run), evidence: out.map((d) => d.evidence) };
}
