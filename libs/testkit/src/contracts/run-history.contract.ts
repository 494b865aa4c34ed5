import { describe, expect, it } from 'vitest';
import type { RunRecord } from '@kairos/domain';
import type { RunHistory } from '@kairos/ports';
import { aRunRecord, T0 } from '../builders.ts';
import { codeOf, onFresh, type StoreBench, type StoreContractOptions } from './bench.ts';

export interface RunHistoryBench extends StoreBench<RunHistory> {
  readonly durable: boolean;
}

type Options = StoreContractOptions<RunHistoryBench>;

const all = async (store: RunHistory, uid = 'aaaaaaaaaaaa'): Promise<readonly RunRecord[]> =>
  (await store.list({ uid, limit: 1_000 })).items;

function putCases(options: Options): void {
  describe('put', () => {
    it(
      'keeps a record as it was',
      onFresh(options, async ({ store }) => {
        const record = aRunRecord({
          outcome: 'partial',
          skipped: { from: T0 - 120_000, to: T0 - 60_000, n: 2, reason: 'coalesced' },
          error: { code: 'SOURCE_UNAVAILABLE', message: 'no answer' },
          stats: { rows: 5, requests: 2, weight: 4, commits: 1 },
        });

        await store.put({ record });

        expect(await all(store)).toEqual([record]);
      }),
    );

    it(
      'lets the later call win, and may be repeated',
      onFresh(options, async ({ store }) => {
        await store.put({ record: aRunRecord({ outcome: 'running', endedAt: null }) });
        await store.put({ record: aRunRecord({ outcome: 'expired' }) });
        await store.put({ record: aRunRecord({ outcome: 'succeeded' }) });
        await store.put({ record: aRunRecord({ outcome: 'succeeded' }) });

        expect(await all(store)).toEqual([aRunRecord({ outcome: 'succeeded' })]);
      }),
    );

    it(
      'never replaces a settled outcome by running',
      onFresh(options, async ({ store }) => {
        await store.put({ record: aRunRecord({ outcome: 'failed' }) });
        await store.put({ record: aRunRecord({ outcome: 'running', endedAt: null }) });

        expect((await all(store))[0]?.outcome).toBe('failed');
      }),
    );

    it(
      'tells apart uid, kind, slot and fence',
      onFresh(options, async ({ store }) => {
        await store.put({ record: aRunRecord() });
        await store.put({ record: aRunRecord({ fence: 2 }) });
        await store.put({ record: aRunRecord({ kind: 'm' }) });
        await store.put({ record: aRunRecord({ slot: T0 + 60_000 }) });
        await store.put({ record: aRunRecord({ uid: 'bbbbbbbbbbbb' }) });

        expect(await all(store)).toHaveLength(4);
        expect(await all(store, 'bbbbbbbbbbbb')).toHaveLength(1);
      }),
    );
  });
}

function listCases(options: Options): void {
  describe('list', () => {
    it(
      'gives the newest start first, ties by the higher fence',
      onFresh(options, async ({ store }) => {
        await store.put({ record: aRunRecord({ startedAt: T0, fence: 1 }) });
        await store.put({ record: aRunRecord({ startedAt: T0 + 5, fence: 1, slot: T0 + 1 }) });
        await store.put({ record: aRunRecord({ startedAt: T0, fence: 9 }) });

        expect((await all(store)).map((r) => [r.startedAt - T0, r.fence])).toEqual([
          [5, 1],
          [0, 9],
          [0, 1],
        ]);
      }),
    );

    it(
      'pages without skipping or repeating while newer ones come',
      onFresh(options, async ({ store }) => {
        for (let i = 0; i < 7; i += 1)
          await store.put({ record: aRunRecord({ slot: T0 + i, startedAt: T0 + (i >> 1) }) });
        const seen: number[] = [];
        let cursor: string | undefined;
        let later = 100;
        do {
          const page = await store.list({ uid: 'aaaaaaaaaaaa', limit: 2, cursor });
          seen.push(...page.items.map((r) => r.slot - T0));
          cursor = page.next;
          later += 1;
          await store.put({ record: aRunRecord({ slot: T0 + later }) });
        } while (cursor !== undefined);

        expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      }),
    );

    it(
      'refuses a cursor it never gave',
      onFresh(options, async ({ store }) => {
        expect(await codeOf(store.list({ uid: 'x', limit: 10, cursor: 'nonsense' }))).toBe('STORE_BAD_INPUT');
      }),
    );
  });
}

function ranCases(options: Options): void {
  it(
    'knows whether a slot was run, of this task and this kind',
    onFresh(options, async ({ store }) => {
      await store.put({ record: aRunRecord({ kind: 'm', slot: 7, outcome: 'running', endedAt: null }) });
      const own = { uid: 'aaaaaaaaaaaa', kind: 'm', slot: 7 } as const;

      expect(await store.ran(own)).toBe(true);
      expect(await store.ran({ ...own, slot: 8 })).toBe(false);
      expect(await store.ran({ ...own, kind: 's' })).toBe(false);
      expect(await store.ran({ ...own, uid: 'bbbbbbbbbbbb' })).toBe(false);
    }),
  );
}

/** The law of `RunHistory`, for any adapter. */
export function runHistoryContract(name: string, options: Options): void {
  describe(`RunHistory: ${name}`, () => {
    putCases(options);
    listCases(options);
    ranCases(options);

    it(
      'is empty at first',
      onFresh(options, async ({ store }) => {
        expect(await store.list({ uid: 'x', limit: 10 })).toEqual({ items: [] });
      }),
    );

    it(
      'shows one handle what another put',
      onFresh(options, async ({ store, second }) => {
        const other = (await second?.()) ?? store;
        await store.put({ record: aRunRecord() });
        expect(await all(other)).toEqual([aRunRecord()]);
      }),
    );

    it(
      'remembers over a restart, where it says so',
      onFresh(options, async (bench) => {
        if (!bench.durable) return;
        await bench.store.put({ record: aRunRecord() });
        expect(bench.reopen).toBeDefined();
        const store = (await bench.reopen?.()) ?? bench.store;
        expect(await all(store)).toEqual([aRunRecord()]);
      }),
    );
  });
}
