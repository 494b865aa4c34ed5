/**
 * Answer of a conditional write. `unknown`: the store cannot say whether it took effect; the caller reads back and looks
 * for its own nonce. `conflict` carries what stands there now (undefined: nothing does).
 */
export type CasOutcome<T> =
  | { readonly outcome: 'committed'; readonly value: T }
  | { readonly outcome: 'conflict'; readonly current: T | undefined }
  | { readonly outcome: 'unknown' };

/** A page of a longer list. `next` is opaque; absent at the end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string | undefined;
}
