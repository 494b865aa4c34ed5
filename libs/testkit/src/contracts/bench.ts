import { expect } from 'vitest';
import { KairosError } from '@kairos/domain';

/** A fresh, empty store under test, and other ways to its data. */
export interface StoreBench<S> {
  readonly store: S;
  /** Another handle on the same data, open beside the first. */
  second?(): Promise<S>;
  /** Closes all handles and opens the data again, as after a restart. Required where `capabilities.durable`. */
  reopen?(): Promise<S>;
  /** Everything kept, in a form to be compared: lets the suite see that nothing was written. */
  dump?(): Promise<unknown>;
  /** Closes all handles and removes the data. */
  close(): Promise<void>;
}

/** How a suite gets at an adapter. Each call gives a store of its own. */
export interface StoreContractOptions<B> {
  open(): Promise<B>;
}

/** The code of the Kairos error a promise rejects with; fails when it resolves or rejects otherwise. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome))
    expect.fail(`resolved with ${JSON.stringify(outcome.value)}, should have rejected`);
  if (!KairosError.is(outcome.error)) throw outcome.error;
  return outcome.error.code;
}

/** Runs a test on a fresh store and always closes it. */
export const onFresh =
  <B extends { close(): Promise<void> }>(
    options: StoreContractOptions<B>,
    test: (bench: B) => Promise<void>,
  ) =>
  async (): Promise<void> => {
    const bench = await options.open();
    try {
      await test(bench);
    } finally {
      await bench.close();
    }
  };
