import type { RunKind } from '@kairos/domain';

/** "This task may want a worker." Losing one costs time only: the next tick finds the task again. */
export interface WorkHint {
  readonly v: 1;
  readonly uid: string;
  readonly kind: RunKind;
  readonly slot: number;
  readonly hop: number;
  readonly notBefore?: number | undefined;
}

/** What a delivery came to: finished with, or to be delivered again after a while. */
export type HintOutcome = 'done' | { readonly retryAfterMs: number };

export type HintHandler = (
  hint: WorkHint,
  p: {
    readonly deadline: number;
    readonly signal: AbortSignal;
    /** Whether hints of other tasks wait for this place now: long work may hand over to them. Absent: never. */
    readonly othersWait?: (() => boolean) | undefined;
  },
) => Promise<HintOutcome>;

export interface WorkQueueCapabilities {
  /** Longest delay a hint can be held back. */
  readonly delayMs: number;
  readonly maxBytes: number;
  readonly deadLetter: boolean;
}

/** Carries hints from ticks to workers. May lose, repeat and reorder. */
export interface WorkQueue {
  readonly capabilities: WorkQueueCapabilities;
  /** Best effort. Resolves when the hints are handed over, not when they are worked. */
  send(hints: readonly WorkHint[]): Promise<void>;
  /** Sets who works the hints. One handler. */
  onHint(handler: HintHandler): void;
  /** Takes no more hints, aborts what runs after `graceMs`, and resolves when nothing runs. */
  drain(p: { readonly graceMs: number }): Promise<void>;
}
