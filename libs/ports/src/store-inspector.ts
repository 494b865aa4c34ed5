import type { CoverageRun, DueItem, RecordBatch, Task } from '@kairos/domain';
import type { BudgetItem } from './budget-store.ts';
import type { Page } from './outcome.ts';

/** Something wrong with the container itself: the file, its format, a table against its own documents. */
export interface ContainerFault {
  readonly code: 'damaged' | 'replaced' | 'foreign' | 'differs';
  /** What was found, in the words of the machine. */
  readonly detail: string;
}

/** What is kept under one uid; whole when both are there. */
export interface TaskHolding {
  readonly uid: string;
  readonly task: Task | undefined;
  readonly due: DueItem | undefined;
  /** Records under this uid that cannot be read. */
  readonly faults: readonly string[];
}

/** A packed piece of a block as it lies. `rows` and `states` are undefined where their bytes cannot be read. */
export interface InspectedChunk {
  /** How many rows it says it holds. */
  readonly stated: number;
  readonly rows: RecordBatch | undefined;
  readonly states: readonly CoverageRun[] | undefined;
  readonly faults: readonly string[];
}

export interface RowKey {
  readonly ts: number;
  /** Empty for types without ties. */
  readonly tie: string;
}

/** All that lies of one block, in one snapshot. */
export interface InspectedBlock {
  readonly block: number;
  readonly chunk: InspectedChunk | undefined;
  /** Facts kept outside chunks that overlap the block, whole, as they lie. */
  readonly spans: readonly CoverageRun[];
  /** Rows kept outside chunks, where the spans send a reader. */
  readonly hot: readonly RowKey[];
}

/** A row outside chunks, whichever series it is of. */
export interface InspectedHotRow extends RowKey {
  /** Undefined: of no series that the store knows. */
  readonly key: string | undefined;
  /** The fact kept outside chunks at its instant. */
  readonly run: CoverageRun | undefined;
  /** Why it cannot be read. */
  readonly fault: string | undefined;
}

/** What is kept of one limit pool behind one egress. `item` is undefined where it cannot be read: `fault` says why. */
export interface InspectedBudget {
  readonly scope: string;
  readonly item: BudgetItem | undefined;
  readonly fault: string | undefined;
}

/**
 * A look at what a store keeps as it lies, unmerged and unmended: for checks only. Each call is one snapshot. Unreadable
 * records are told, not thrown; only a store that cannot be read at all rejects (StoreError). Nothing is written.
 */
export interface StoreInspector {
  /** `deep` reads everything there is, which may take minutes; otherwise a glance. Empty: nothing wrong. */
  container(p: { readonly deep: boolean }): Promise<readonly ContainerFault[]>;

  /** Every uid with a task or a due item, ascending. `limit` 1–1,000. */
  holdings(p: { readonly limit: number; readonly after?: string | undefined }): Promise<Page<TaskHolding>>;
  holding(p: { readonly uid: string }): Promise<TaskHolding>;

  /** Blocks after `after` with a chunk, or in which facts outside chunks promise rows; ascending. */
  blocks(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly number[]>;
  block(p: { readonly key: string; readonly block: number }): Promise<InspectedBlock>;

  /** Facts kept outside chunks that begin after `after`, by their beginning, as they lie. */
  spans(p: {
    readonly key: string;
    readonly limit: number;
    readonly after?: number | undefined;
  }): Promise<readonly CoverageRun[]>;

  /** Rows outside chunks, in the order they lie. `next` goes on after the page. */
  hotRows(p: { readonly limit: number; readonly after?: string | undefined }): Promise<Page<InspectedHotRow>>;

  /** Every budget item, by scope ascending. They are few: one for each egress and limit pool. */
  budgets(): Promise<readonly InspectedBudget[]>;
}
