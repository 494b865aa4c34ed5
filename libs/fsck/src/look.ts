import {
  hasRows,
  KairosError,
  layoutOf,
  seriesKey,
  type BlockLayout,
  type CoverageRun,
  type RunRecord,
  type Series,
} from '@kairos/domain';
import type {
  Calendars,
  InspectedHotRow,
  RunHistory,
  SeriesStore,
  StoreInspector,
  TaskHolding,
} from '@kairos/ports';
import { judgeBlock } from './judge-block.ts';
import { judgeBudget, type PoolRules } from './judge-budget.ts';
import { judgeRuns } from './judge-runs.ts';
import { judgeTask } from './judge-task.ts';
import { MAX_HOT_MS } from './limits.ts';
import { violation, type Violation, type ViolationPlace } from './violation.ts';

/** What checks read; they write nothing. */
export interface FsckDeps {
  readonly history: RunHistory;
  readonly series: SeriesStore;
  readonly inspector: StoreInspector;
  /** Of the sources: slots of tasks without a schedule of their own follow from them. Default: always open. */
  readonly calendars?: Calendars | undefined;
  /** What the venue of a budget allows, by `<egress>|<pool>`; where it is not known, only nonsense is found. */
  readonly poolRules?: ((scope: string) => PoolRules | undefined) | undefined;
}

/** What a look found, and how much it looked at. */
export interface Look {
  readonly violations: readonly Violation[];
  readonly rows: number;
  readonly runs: number;
}

const PAGE = 1_000;

/** A store that cannot be read in one place may be readable in another: the failure is a finding. */
export async function guarded(
  where: ViolationPlace,
  look: () => Promise<readonly Violation[]>,
): Promise<readonly Violation[]> {
  try {
    return await look();
  } catch (error) {
    if (!KairosError.is(error)) throw error;
    return [violation('store_unreadable', where, error.message)];
  }
}

/** The container as a whole. */
export async function lookAtContainer(deps: FsckDeps, deep: boolean): Promise<readonly Violation[]> {
  const faults = await deps.inspector.container({ deep });
  return faults.map((fault) => violation(`store_${fault.code}`, {}, fault.detail));
}

/** What was spent of every rate limit. */
export async function lookAtBudgets(deps: FsckDeps, now: number): Promise<readonly Violation[]> {
  const budgets = await deps.inspector.budgets();
  return budgets.flatMap((one) => judgeBudget(one, { now, rules: deps.poolRules?.(one.scope) }));
}

async function recordsOf(deps: FsckDeps, uid: string, most: number): Promise<readonly RunRecord[]> {
  const records: RunRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.history.list({ uid, limit: Math.min(PAGE, most - records.length), cursor });
    records.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && records.length < most);
  return records;
}

async function missingSeries(deps: FsckDeps, holding: TaskHolding): Promise<readonly Violation[]> {
  const found: Violation[] = [];
  for (const { seriesKey: key } of holding.task?.series ?? []) {
    if (key === null || (await deps.series.getSeries({ key }))) continue;
    found.push(
      violation('task_series_missing', { task: holding.task?.taskId, uid: holding.uid, series: key }),
    );
  }
  return found;
}

/** One task with at most so many of its newest lines of history. */
export async function lookAtTask(
  deps: FsckDeps,
  p: { readonly uid: string; readonly now: number; readonly records: number },
): Promise<Look> {
  const before = await deps.inspector.holding({ uid: p.uid });
  // Created and forgotten since it was listed: nothing is left to look at.
  if (!before.task && !before.due && before.faults.length === 0) return { violations: [], rows: 0, runs: 0 };
  const records = await recordsOf(deps, p.uid, p.records);
  const after = await deps.inspector.holding({ uid: p.uid });
  const violations = [
    ...judgeTask({ before, records, after, now: p.now, calendars: deps.calendars }),
    ...(await missingSeries(deps, before)),
  ];
  return { violations, rows: 0, runs: records.length };
}

/** A series' own record: its key says what its fields say. The layout is undefined where its blocks have no meaning. */
export function lookAtIdentity(series: Series): {
  readonly violations: readonly Violation[];
  readonly layout: BlockLayout | undefined;
} {
  const where = { series: series.key };
  let layout: BlockLayout | undefined;
  const violations: Violation[] = [];
  try {
    layout = layoutOf(series);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    violations.push(violation('series_unreadable', where, detail));
  }
  const expected = seriesKey(series);
  if (expected === series.key) return { violations, layout };
  const [ownRealm, givenRealm] = [expected.split('|')[0], series.key.split('|')[0]];
  violations.push(
    ownRealm === givenRealm
      ? violation('series_key_differs', where, expected)
      : violation('series_realm_differs', where, series.realm),
  );
  return { violations, layout };
}

async function missingEvidence(
  deps: FsckDeps,
  where: ViolationPlace & { readonly series: string },
  runs: readonly CoverageRun[],
): Promise<readonly Violation[]> {
  const ids = [...new Set(runs.flatMap((run) => run.evidence ?? []))];
  if (ids.length === 0) return [];
  const known = new Set((await deps.series.evidence({ key: where.series, ids })).map((e) => e.id));
  return ids
    .filter((id) => !known.has(id))
    .map((id) =>
      violation('evidence_missing', { ...where, ts: runs.find((r) => r.evidence === id)?.from }, id),
    );
}

/** One block of a series, both tiers. */
export async function lookAtBlock(
  deps: FsckDeps,
  p: { readonly key: string; readonly layout: BlockLayout; readonly block: number },
): Promise<Look> {
  const block = await deps.inspector.block({ key: p.key, block: p.block });
  const where = { series: p.key, block: p.block };
  const violations = [
    ...judgeBlock(p.key, p.layout, block),
    ...(await missingEvidence(deps, where, block.chunk?.states ?? [])),
  ];
  return { violations, rows: (block.chunk?.rows?.n ?? 0) + block.hot.length, runs: 0 };
}

/** A page of the facts that a series keeps outside chunks; `last` is the page's last fact, for the next page. */
export async function lookAtSpans(
  deps: FsckDeps,
  p: { readonly key: string; readonly last: CoverageRun | undefined },
): Promise<{ readonly violations: readonly Violation[]; readonly last: CoverageRun | undefined }> {
  const spans = await deps.inspector.spans({ key: p.key, limit: PAGE, after: p.last?.from });
  const where = { series: p.key };
  const violations = [
    ...judgeRuns(p.last ? [p.last, ...spans] : spans, where),
    ...(await missingEvidence(deps, where, spans)),
  ];
  return { violations, last: spans.length === PAGE ? spans.at(-1) : undefined };
}

function judgeHotRow(row: InspectedHotRow, layout: BlockLayout, compactedTo: number): Violation | undefined {
  const where = { series: row.key, block: layout.blockOf(row.ts), ts: row.ts };
  if (row.fault !== undefined) return violation('hot_unreadable', where, row.fault);
  const { grid } = layout;
  if (grid && grid.openOf(grid.indexOf(row.ts)) !== row.ts) return violation('hot_off_grid', where);
  if (!row.run || !hasRows(row.run)) return violation('row_without_run', where);
  const isOver = layout.rangeOf(where.block).to < compactedTo - MAX_HOT_MS;
  return row.run.state === 'present' && isOver ? violation('hot_stale', where) : undefined;
}

/** Of many like ones in one block only the first, with their number. */
function byPlace(violations: readonly Violation[]): Violation[] {
  const groups = new Map<string, Violation>();
  for (const v of violations) {
    const id = JSON.stringify([v.code, v.where.series, v.where.block]);
    const first = groups.get(id);
    groups.set(id, first ? { ...first, n: first.n + 1 } : v);
  }
  return [...groups.values()];
}

/**
 * A page of rows outside chunks. Up to `compactedTo` the store was served by a program that compacts; what that should
 * have folded and is still here, is stale.
 */
export async function lookAtHot(
  deps: FsckDeps,
  p: {
    readonly after: string | undefined;
    readonly limit: number;
    readonly compactedTo: number;
  },
): Promise<{ readonly violations: readonly Violation[]; readonly next: string | undefined }> {
  const page = await deps.inspector.hotRows({ limit: p.limit, after: p.after });
  const layouts = new Map<string, BlockLayout | undefined>();
  const found: Violation[] = [];
  for (const row of page.items) {
    if (row.key === undefined) {
      const { ts, fault } = row;
      found.push(
        fault === undefined ? violation('hot_astray', { ts }) : violation('hot_unreadable', { ts }, fault),
      );
      continue;
    }
    if (!layouts.has(row.key)) {
      const series = await deps.series.getSeries({ key: row.key });
      layouts.set(row.key, series && lookAtIdentity(series).layout);
    }
    const layout = layouts.get(row.key);
    const one = layout && judgeHotRow(row, layout, p.compactedTo);
    if (one) found.push(one);
  }
  return { violations: byPlace(found), next: page.next };
}
