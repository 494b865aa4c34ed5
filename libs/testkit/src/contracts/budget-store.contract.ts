import { describe, expect, it } from 'vitest';
import type { BudgetItem, BudgetStore } from '@kairos/ports';
import { codeOf, onFresh, type StoreBench, type StoreContractOptions } from './bench.ts';

export interface BudgetStoreBench extends StoreBench<BudgetStore> {
  readonly durable: boolean;
}

type Options = StoreContractOptions<BudgetStoreBench>;

const SCOPE = 'default|binance/api';

const anItem = (change: Partial<BudgetItem> = {}): BudgetItem => ({
  scope: SCOPE,
  win: 28_401_120,
  used: 150,
  foreign: 0.5,
  banUntil: 0,
  v: 0,
  ...change,
});

/** The law of `BudgetStore`, for any adapter. */
export function budgetStoreContract(name: string, options: Options): void {
  describe(`BudgetStore: ${name}`, () => {
    writeCases(options);
    handleCases(options);
  });
}

function writeCases(options: Options): void {
  it(
    'is empty at first',
    onFresh(options, async ({ store }) => {
      expect(await store.get({ scope: SCOPE })).toBeUndefined();
    }),
  );

  it(
    'makes an item where there is none, and gives it back as it was',
    onFresh(options, async ({ store }) => {
      const value = anItem({ v: 1 });
      expect(await store.put({ item: anItem(), expectedV: 0 })).toEqual({ outcome: 'committed', value });
      expect(await store.get({ scope: SCOPE })).toEqual(value);
    }),
  );

  it(
    'replaces an item of the expected version only, and tells what stands there else',
    onFresh(options, async ({ store }) => {
      await store.put({ item: anItem(), expectedV: 0 });
      const second = anItem({ used: 300, banUntil: 7 });

      expect(await store.put({ item: second, expectedV: 1 })).toMatchObject({ outcome: 'committed' });
      for (const expectedV of [0, 1, 3]) {
        expect(await store.put({ item: anItem({ used: 999 }), expectedV })).toEqual({
          outcome: 'conflict',
          current: { ...second, v: 2 },
        });
      }
      expect(await store.get({ scope: SCOPE })).toEqual({ ...second, v: 2 });
    }),
  );

  it(
    'replaces nothing where there is nothing',
    onFresh(options, async ({ store }) => {
      expect(await store.put({ item: anItem(), expectedV: 1 })).toEqual({
        outcome: 'conflict',
        current: undefined,
      });
      expect(await store.get({ scope: SCOPE })).toBeUndefined();
    }),
  );

  it(
    'keeps scopes apart',
    onFresh(options, async ({ store }) => {
      await store.put({ item: anItem(), expectedV: 0 });
      await store.put({ item: anItem({ scope: 'other|binance/api', used: 6 }), expectedV: 0 });

      expect((await store.get({ scope: SCOPE }))?.used).toBe(150);
      expect((await store.get({ scope: 'other|binance/api' }))?.used).toBe(6);
    }),
  );
}

function handleCases(options: Options): void {
  it(
    'lets one of many win a version, over all handles',
    onFresh(options, async ({ store, second }) => {
      const handles = [store, (await second?.()) ?? store];
      const tries = Array.from({ length: 20 }, (_, i) =>
        (handles[i % 2] ?? store).put({ item: anItem({ used: i }), expectedV: 0 }),
      );
      const outcomes = (await Promise.all(tries)).map((o) => o.outcome);

      expect(outcomes.filter((o) => o === 'committed')).toHaveLength(1);
      expect(outcomes.filter((o) => o === 'conflict')).toHaveLength(19);
    }),
  );

  it(
    'shows one handle at once what another put',
    onFresh(options, async ({ store, second }) => {
      const other = (await second?.()) ?? store;
      for (let v = 0; v < 5; v += 1) {
        await store.put({ item: anItem({ used: v }), expectedV: v });
        expect(await other.get({ scope: SCOPE })).toEqual(anItem({ used: v, v: v + 1 }));
      }
    }),
  );

  it(
    'remembers over a restart, where it says so',
    onFresh(options, async (bench) => {
      if (!bench.durable) return;
      await bench.store.put({ item: anItem(), expectedV: 0 });
      const store = await bench.reopen?.();
      expect(await store?.get({ scope: SCOPE })).toEqual(anItem({ v: 1 }));
    }),
  );

  it(
    'refuses both calls once closed, where it was closed before',
    onFresh(options, async (bench) => {
      const closed = bench.store;
      if (!bench.reopen) return;
      await bench.reopen();
      expect(await codeOf(closed.get({ scope: SCOPE }))).toBe('STORE_CLOSED');
      expect(await codeOf(closed.put({ item: anItem(), expectedV: 0 }))).toBe('STORE_CLOSED');
    }),
  );
}
