import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobSpec, Task } from '@kairos/domain';
import type { TaskStore } from '@kairos/ports';
import { aDue, aTask, T0 } from '../builders.ts';
import { onFresh, type StoreBench, type StoreContractOptions } from './bench.ts';

const fill = async (store: TaskStore, tasks: readonly Partial<Task>[]): Promise<void> => {
  for (const [i, overrides] of tasks.entries()) {
    const task = aTask({ uid: `uid-${i}`, taskId: `t-${i}`, createdAt: T0 + i, ...overrides });
    await store.create({ task, due: aDue({ uid: task.uid }) });
  }
};

const aJob = (overrides: Partial<JobSpec>): JobSpec => ({
  function: 'crawlers',
  language: 'nodejs',
  runtime: 'nodejs20',
  taskType: 'crawl',
  taskName: 'crawl-1',
  timeoutMs: 60_000,
  memoryMb: 512,
  params: {},
  ...overrides,
});

const find = async (store: TaskStore, query: string): Promise<string[]> =>
  (await store.search({ query, filter: {}, limit: 1_000 })).items.map((t) => t.uid).sort();

const HARMLESS = [
  '"',
  "'",
  '*',
  '%',
  '_',
  '(',
  ')',
  '""',
  'a OR b',
  'NEAR(a b)',
  'x*',
  '-x',
  '^x',
  'col:x',
  ';--',
  '\\',
  '\u0000',
  '🙂',
];

/** What the port says a query means, spelled out. */
function matches(task: Task, query: string): boolean {
  const fold = (text: string): string => text.normalize('NFKC').toLowerCase();
  const fields = [
    task.taskId,
    task.projectId,
    task.dataset,
    task.source,
    task.dataType,
    task.frequency,
    ...task.symbols,
    task.declared?.description ?? '',
    task.job?.function ?? '',
    task.job?.taskType ?? '',
    task.job?.taskName ?? '',
  ];
  const words = fold(query)
    .split(/\s+/u)
    .filter((w) => w !== '');
  return words.every((word) => fields.some((field) => fold(field).includes(word)));
}

export function taskSearchCases(options: StoreContractOptions<StoreBench<TaskStore>>): void {
  describe('search', () => {
    it.each(['特币', '比特', '比特币', '基金', '日线', '币'])('finds the Chinese word %s', async (query) => {
      await onFresh(options, async ({ store }) => {
        await fill(store, [{ dataset: '比特币与基金日线' }, { dataset: '以太坊' }]);
        expect(await find(store, query)).toEqual(['uid-0']);
      })();
    });

    it(
      'looks into every named field',
      onFresh(options, async ({ store }) => {
        await fill(store, [
          { taskId: 'needle-id' },
          { projectId: 'needle-project' },
          { dataset: 'needle-dataset' },
          { source: 'needle-source' },
          { dataType: 'needle-type' },
          { frequency: 'needle-frequency' },
          { symbols: ['BTCUSDT', 'needle-symbol'] },
        ]);

        expect(await find(store, 'needle')).toHaveLength(7);
        expect(await find(store, 'needle-symbol')).toEqual(['uid-6']);
      }),
    );

    it(
      'finds a job by what it runs and by its description, there being no market data to find it by',
      onFresh(options, async ({ store }) => {
        const bare = { dataset: '', dataType: '', source: '', frequency: '', symbols: [], handler: 'job' };
        await fill(store, [
          { ...bare, job: aJob({ function: 'python_needle' }) },
          { ...bare, job: aJob({ taskType: 'Needle_prices' }) },
          { ...bare, job: aJob({ taskName: '针 needle' }) },
          { ...bare, declared: { description: '每日 needle 行情', revision: 'r1', withdrawn: false } },
          { ...bare, job: aJob({}) },
        ]);

        expect(await find(store, 'needle')).toEqual(['uid-0', 'uid-1', 'uid-2', 'uid-3']);
        expect(await find(store, 'needle 行情')).toEqual(['uid-3']);
        expect(await find(store, 'crawl')).toHaveLength(4);
        expect(await find(store, 'nodejs')).toEqual([]);
      }),
    );

    it(
      'follows a description that changes',
      onFresh(options, async ({ store }) => {
        const declared = { description: 'before', revision: 'r1', withdrawn: false };
        await fill(store, [{ declared }]);
        const task = await store.getByUid({ uid: 'uid-0' });
        const next = { ...declared, description: 'after', revision: 'r2' };
        if (task) await store.replace({ task: { ...task, declared: next }, expectedV: 1 });

        expect(await find(store, 'before')).toEqual([]);
        expect(await find(store, 'after')).toEqual(['uid-0']);
      }),
    );

    it(
      'minds neither case nor width',
      onFresh(options, async ({ store }) => {
        await fill(store, [{ symbols: ['BtcUsdt'] }, { dataset: 'ＢＴＣ', symbols: [] }]);

        expect(await find(store, 'bTC')).toEqual(['uid-0', 'uid-1']);
        expect(await find(store, 'ｂｔｃｕｓ')).toEqual(['uid-0']);
      }),
    );

    it(
      'wants every word, in any field and order',
      onFresh(options, async ({ store }) => {
        await fill(store, [
          { source: 'binance', dataset: '主流币' },
          { source: 'binance', dataset: 'alts' },
          { source: 'okx', dataset: '主流币' },
        ]);

        expect(await find(store, '主流 BINANCE')).toEqual(['uid-0']);
        expect(await find(store, '  binance\t主流币 ')).toEqual(['uid-0']);
        expect(await find(store, 'binance nowhere')).toEqual([]);
      }),
    );

    it(
      'does not read words across two fields',
      onFresh(options, async ({ store }) => {
        await fill(store, [{ taskId: 'xx', projectId: 'yy', symbols: ['ab', 'bc'] }]);

        expect(await find(store, 'xxyy')).toEqual([]);
        expect(await find(store, 'abc')).toEqual([]);
      }),
    );

    it(
      'finds everything without a word',
      onFresh(options, async ({ store }) => {
        await fill(store, [{}, {}]);
        expect(await find(store, '   ')).toEqual(['uid-0', 'uid-1']);
      }),
    );

    it.each(HARMLESS)('takes %j as text, never as syntax', async (query) => {
      await onFresh(options, async ({ store }) => {
        await fill(store, [{ dataset: 'plain' }, { dataset: `with ${query} inside` }]);
        expect(await find(store, query)).toContain('uid-1');
        expect(await find(store, `${query} plain`)).not.toContain('uid-1');
      })();
    });

    it(
      'keeps to the filter, orders as a list does, pages and counts',
      onFresh(options, async ({ store }) => {
        await fill(store, [{}, {}, { source: 'okx' }, {}, {}]);

        const filter = { source: 'binance' };
        const first = await store.search({ query: 'btc', filter, limit: 3 });
        const rest = await store.search({ query: 'btc', filter, limit: 3, cursor: first.next });

        expect(first.total).toBe(4);
        expect([...first.items, ...rest.items].map((t) => t.uid)).toEqual([
          'uid-4',
          'uid-3',
          'uid-1',
          'uid-0',
        ]);
        expect(rest.next).toBeUndefined();
      }),
    );

    it(
      'follows replacement and removal',
      onFresh(options, async ({ store }) => {
        await fill(store, [{ dataset: '股票' }, { dataset: '股票' }]);
        const task = await store.getByUid({ uid: 'uid-0' });
        if (task) await store.replace({ task: { ...task, dataset: '期货' }, expectedV: 1 });
        await store.remove({ uid: 'uid-1' });

        expect(await find(store, '股票')).toEqual([]);
        expect(await find(store, '期货')).toEqual(['uid-0']);
      }),
    );

    it('finds exactly what holds every word, for any text', async () => {
      const text = fc.string({
        unit: fc.constantFrom('a', 'B', 'é', '币', '特', '1', '.', '-', ' ', '%', '"', '𠮷'),
        maxLength: 6,
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }),
          fc.array(text, { maxLength: 6 }),
          async (rows, queries) => {
            await onFresh(options, async ({ store }) => {
              const tasks = rows.map(([dataset, symbol], i) => ({
                dataset,
                symbols: [symbol],
                taskId: `${i}`,
              }));
              await fill(store, tasks);
              for (const query of queries) {
                const expected = tasks.flatMap((t, i) => (matches(aTask(t), query) ? [`uid-${i}`] : []));
                expect(await find(store, query)).toEqual(expected);
              }
            })();
          },
        ),
        { seed: 7, numRuns: 25 },
      );
    });
  });
}
