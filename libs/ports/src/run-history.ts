import type { RunKind, RunRecord } from '@kairos/domain';
import type { Page } from './outcome.ts';

/**
 * What became of each slot. History only: no slot starts or stays away because of it (the due item's cursor decides), so
 * old records may go (`StoreUpkeep`). Survives its task's removal (the uid is never reused).
 */
export interface RunHistory {
  /**
   * Keeps the record under (uid, kind, slot, fence). A settled outcome is never replaced by `running`; otherwise the
   * later call wins. Safe to repeat.
   */
  put(p: { readonly record: RunRecord }): Promise<void>;

  /**
   * Whether a run of this kind has this slot. Holds for manual runs also when their records are long gone, as long as
   * the task stands: a request that is delivered again years later must not run twice.
   */
  ran(p: { readonly uid: string; readonly kind: RunKind; readonly slot: number }): Promise<boolean>;

  /** Newest start first (ties: higher fence first). `limit` 1–1,000. */
  list(p: {
    readonly uid: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>>;
}
