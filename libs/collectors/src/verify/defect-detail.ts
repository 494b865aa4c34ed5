import { scaledToText } from '@kairos/domain';
import type { Field } from './bars.ts';
import type { Difference } from './compare-bars.ts';
import type { Defect } from './locate-defects.ts';
import type { Check } from './window.ts';

/** At most so many accounts are told of one defect, the nearest first. */
const MAX_ACCOUNTS = 3;

export interface ToldDifference {
  readonly field: Field;
  /** Decimals as text; null: no bar, or no such value. */
  readonly ours: string | null;
  readonly theirs: string | null;
}

/** What one account said of a defect. */
export interface Account {
  readonly relation: Check['relation'];
  /** A timeframe, or the id of a source. */
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly differences: readonly ToldDifference[];
}

const text = (value: bigint | null, field: Field, scale: number): string | null =>
  value === null ? null : scaledToText(value, field === 'trades' || field === 'bar' ? 0 : scale);

const told = ({ field, ours, theirs }: Difference, scale: number): ToldDifference => ({
  field,
  ours: text(ours, field, scale),
  theirs: text(theirs, field, scale),
});

/** The accounts that differ from what is stored, those of the shortest stretches first. */
export const accountsOf = (defect: Defect, scale: number): Account[] =>
  [...defect.checks]
    .sort((a, b) => a.cell.to - a.cell.from - (b.cell.to - b.cell.from))
    .slice(0, MAX_ACCOUNTS)
    .map(({ relation, by, cell, differs }) => ({
      relation,
      by,
      ...cell,
      differences: differs.map((d) => told(d, scale)),
    }));

const OWN = {
  ohlc_inconsistent: 'low ≤ open, close ≤ high does not hold',
  trades_inconsistent: 'trades without volume, or volume without trades',
  quote_volume_differs: 'quote volume does not lie between low × volume and high × volume',
} as const;

const ACCOUNT = {
  coarser: (by: string) => `the ${by} bar of the source`,
  finer: (by: string) => `the ${by} bars of the source`,
  second: (by: string) => `source ${by}`,
} as const;

const value = ({ field, ours, theirs }: ToldDifference): string =>
  field === 'bar'
    ? ours === null
      ? 'has a bar, here is none'
      : 'has no bar, here is one'
    : `${field} ${theirs ?? 'none'}, here ${ours ?? 'none'}`;

/** One sentence for the record: who says what, and what is stored. */
export function detailOf(defect: Defect, slots: number, accounts: readonly Account[]): string {
  const own = defect.oddities.map((o) => OWN[o.code]);
  const others = accounts.map(
    (a) =>
      `${ACCOUNT[a.relation](a.by)} at ${new Date(a.from).toISOString()}: ${a.differences.map(value).join(', ')}`,
  );
  const place = slots > 1 ? [`one or more of ${slots} bars up to ${new Date(defect.to).toISOString()}`] : [];
  return [...place, ...own, ...others].join('; ');
}
