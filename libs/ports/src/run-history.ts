import type { RunRecord } from '@kairos/domain';
import type { Page } from './outcome.ts';

/**
 * What became of each slot. History only: nothing is decided from it. Survives its task's removal (the uid is never
 * reused).
 */
export interface RunHistory {
  /**
   * Keeps the record under (uid, kind, slot, fence). A settled outcome is never replaced by `running`; otherwise the
   * later call wins. Safe to repeat.
   */
  put(p: { readonly record: RunRecord }): Promise<void>;

  /** Newest start first (ties: higher fence first). `limit` 1–1,000. */
  list(p: {
    readonly uid: string;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<Page<RunRecord>>;
}
