import type { TimeRange } from '@kairos/domain';
import { intersectRange, isEmptyRange, subtractRanges } from '@kairos/domain';
import { SUMS, type Field } from './bars.ts';
import type { Difference, Oddity } from './compare-bars.ts';
import { slotsIn, type Check, type DefectCode, type Examined, type Slot } from './window.ts';

/** A place where the stored bars are wrong, as narrow as the accounts together make it. */
export interface Defect extends TimeRange {
  readonly code: DefectCode;
  readonly checks: readonly Check[];
  readonly oddities: readonly Oddity[];
}

export interface Located {
  readonly defects: readonly Defect[];
  /** Bars of others that differ where the rest agree with ours: the others' defects. */
  readonly odd: readonly Check[];
}

interface Suspicion {
  readonly span: TimeRange;
  readonly check?: Check;
  readonly difference?: Difference;
  readonly oddity?: Oddity;
}

const isSum = (field: Field): boolean => SUMS.some((sum) => sum === field);
const within = (inner: TimeRange, outer: TimeRange): boolean =>
  inner.from >= outer.from && inner.to <= outer.to;
const touches = (a: TimeRange, b: TimeRange): boolean => !isEmptyRange(intersectRange(a, b));
const hull = (ranges: readonly TimeRange[]): TimeRange | undefined => {
  const [first] = ranges;
  const last = ranges.at(-1);
  return first && last ? { from: first.from, to: last.to } : undefined;
};

/** The slots of a coarser bar that can be the cause of a difference. */
function spanOf(check: Check, { field, ours, theirs }: Difference, slots: readonly Slot[]): TimeRange {
  const inside = slotsIn(slots, check.cell);
  const present = inside.filter((slot) => slot.bar);
  if (field === 'open') return { from: check.cell.from, to: present[0]?.to ?? check.cell.to };
  if (field === 'close') return { from: present.at(-1)?.from ?? check.cell.from, to: check.cell.to };
  if (ours === null || theirs === null) return check.cell;
  const beyond =
    field === 'high' && ours > theirs
      ? present.filter((slot) => (slot.bar?.high ?? 0n) > theirs)
      : field === 'low' && ours < theirs
        ? present.filter((slot) => (slot.bar?.low ?? theirs) < theirs)
        : [];
  return hull(beyond) ?? check.cell;
}

/** Whether what `other` agrees on speaks for our bars where `check` differs. */
function exonerates(other: Check, check: Check, field: Field): boolean {
  if (other === check || !other.agrees.includes(field) || !touches(other.cell, check.cell)) return false;
  const around = within(check.cell, other.cell);
  if (within(other.cell, check.cell) && !around) return true;
  // A sum leaves no room: whoever agrees on it clears all its slots, unless two errors make up for each other.
  return isSum(field) && (!around || (check.relation === 'finer' && other.relation !== 'finer'));
}

function suspicionsOf(examined: Examined): { suspicions: Suspicion[]; odd: Check[] } {
  const suspicions: Suspicion[] = examined.oddities.map((oddity) => ({
    span: slotAt(examined.slots, oddity.ts),
    oddity,
  }));
  const odd: Check[] = [];
  for (const check of examined.checks) {
    if (check.differs.length === 0) continue;
    let held = 0;
    const near = examined.checks.filter((other) => touches(other.cell, check.cell));
    for (const difference of check.differs) {
      const span = check.relation === 'coarser' ? spanOf(check, difference, examined.slots) : check.cell;
      const clear =
        check.relation === 'second' ? [] : near.filter((o) => exonerates(o, check, difference.field));
      const left = hull(
        subtractRanges(
          span,
          clear.map((o) => o.cell),
        ),
      );
      if (!left) continue;
      held += 1;
      suspicions.push({ span: left, check, difference });
    }
    if (held === 0) odd.push(check);
  }
  return { suspicions, odd };
}

const slotAt = (slots: readonly Slot[], ts: number): TimeRange => {
  const slot = slots.find((s) => s.from === ts);
  return { from: ts, to: slot?.to ?? ts + 1 };
};

/** The fewest places that explain all suspicions: each time the one that ends first, with all that hold its last slot. */
function gather(suspicions: readonly Suspicion[]): { span: TimeRange; reasons: Suspicion[] }[] {
  const sorted = [...suspicions].sort((a, b) => a.span.to - b.span.to || b.span.from - a.span.from);
  const groups: { span: TimeRange; reasons: Suspicion[] }[] = [];
  let end = -Infinity;
  for (const suspicion of sorted) {
    const last = groups.at(-1);
    if (last && suspicion.span.from < end) {
      last.reasons.push(suspicion);
      last.span = intersectRange(last.span, suspicion.span);
    } else {
      end = suspicion.span.to;
      groups.push({ span: suspicion.span, reasons: [suspicion] });
    }
  }
  return groups;
}

/** The empty slots that are the whole explanation: others have more than we, and there is one place for it. */
function hiddenIn(slots: readonly Slot[], reasons: readonly Suspicion[]): TimeRange | undefined {
  const empty = slots.filter((slot) => slot.state === 'empty');
  const sole = empty.length === 1 || empty.length === slots.length;
  if (!sole || empty.length === 0 || reasons.some((r) => r.oddity)) return undefined;
  // Another exchange trades on while ours is out.
  if (!reasons.some((r) => r.check?.sameExchange)) return undefined;
  const sums = reasons.flatMap((r) =>
    r.difference && (isSum(r.difference.field) || r.difference.field === 'bar') ? r.difference : [],
  );
  const more = sums.every(({ ours, theirs }) => (theirs ?? 0n) > (ours ?? 0n));
  return more && sums.length > 0 ? hull(empty) : undefined;
}

function codeOf(reasons: readonly Suspicion[]): DefectCode {
  const own = ['quote_volume_differs', 'trades_inconsistent', 'ohlc_inconsistent'] as const;
  const oddity = own.find((code) => reasons.some((r) => r.oddity?.code === code));
  if (oddity) return oddity;
  const relations = reasons.flatMap((r) => r.check?.relation ?? []);
  if (relations.includes('second')) return 'second_source_differs';
  return relations.includes('finer') ? 'finer_differs' : 'coarser_differs';
}

/** Where the stored bars are wrong, one defect for all that one wrong bar brings about, in order of time. Pure. */
export function locateDefects(examined: Examined): Located {
  const { suspicions, odd } = suspicionsOf(examined);
  const defects = gather(suspicions).map(({ span, reasons }): Defect => {
    const hidden = hiddenIn(slotsIn(examined.slots, span), reasons);
    return {
      ...(hidden ?? { from: span.from, to: span.to }),
      code: hidden ? 'absence_contradicted' : codeOf(reasons),
      checks: [...new Set(reasons.flatMap((r) => r.check ?? []))],
      oddities: reasons.flatMap((r) => r.oddity ?? []),
    };
  });
  return { defects, odd };
}
