import type { SourceError, TimeRange } from '@kairos/domain';
import type { Account } from './defect-detail.ts';
import type { Located } from './locate-defects.ts';
import { UNCOMPARED, type DefectCode, type Examined, type Hearing } from './window.ts';

/** Defects told one by one; the rest are counted. */
const MAX_TOLD = 1_000;

/** A defect as it is told. */
export interface ToldDefect extends TimeRange {
  readonly code: DefectCode;
  readonly detail: string;
  readonly accounts: readonly Account[];
  /** It was not among the findings before. */
  readonly isNew: boolean;
}

export interface VerifyOutcome {
  readonly range: TimeRange;
  /** Settled slots with a bar, and without one. */
  readonly bars: number;
  readonly empty: number;
  readonly hearings: readonly Hearing[];
  /** Absences whose evidence reaches further now, in slots by grade. */
  readonly deepened: Readonly<Record<number, number>>;
  /** In order of time; at most 1,000. */
  readonly defects: readonly ToldDefect[];
  readonly found: Readonly<Partial<Record<DefectCode, number>>>;
  /** Bars of other timeframes that differ where all the rest agree with ours. */
  readonly oddOthers: number;
  /** What ended it early. */
  readonly error: SourceError | undefined;
  /** The run's signal or deadline ended it early. */
  readonly stopped: boolean;
}

/** Adds up what verifying brings to light, window by window. */
export class VerifyLedger {
  readonly #defects: ToldDefect[] = [];
  readonly #found: Partial<Record<DefectCode, number>> = {};
  readonly #deepened: Record<number, number> = {};
  #hearings: readonly Hearing[] = [];
  #bars = 0;
  #empty = 0;
  #odd = 0;
  #count = 0;

  /** Defects so far. */
  get found(): number {
    return this.#count;
  }

  note({ slots, hearings }: Examined, { odd }: Located): void {
    for (const slot of slots) {
      if (slot.bar) this.#bars += 1;
      else if (slot.state === 'empty') this.#empty += 1;
    }
    this.#odd += odd.length;
    this.#hearings = addUp(this.#hearings, hearings);
  }

  tell(defect: ToldDefect): void {
    this.#found[defect.code] = (this.#found[defect.code] ?? 0) + 1;
    this.#count += 1;
    if (this.#defects.length < MAX_TOLD) this.#defects.push(defect);
  }

  deepened(grade: number, slots: number): void {
    this.#deepened[grade] = (this.#deepened[grade] ?? 0) + slots;
  }

  outcome(end: Pick<VerifyOutcome, 'range' | 'error' | 'stopped'>): VerifyOutcome {
    return {
      ...end,
      bars: this.#bars,
      empty: this.#empty,
      hearings: this.#hearings,
      deepened: this.#deepened,
      defects: this.#defects,
      found: this.#found,
      oddOthers: this.#odd,
    };
  }
}

function addUp(all: readonly Hearing[], more: readonly Hearing[]): Hearing[] {
  const out = all.map((hearing) => ({ ...hearing }));
  for (const hearing of more) {
    const same = out.find((h) => h.relation === hearing.relation && h.by === hearing.by);
    if (!same) out.push({ ...hearing });
    else for (const field of ['compared', ...UNCOMPARED] as const) same[field] += hearing[field];
  }
  return out;
}
