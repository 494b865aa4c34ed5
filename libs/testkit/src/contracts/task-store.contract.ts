import { describe, expect, it } from 'vitest';
import type { Task } from '@kairos/domain';
import type { TaskFilter, TaskStore } from '@kairos/ports';
import { aDue, anActiveRun, aTask, T0 } from '../builders.ts';
import { codeOf, onFresh, type StoreBench, type StoreContractOptions } from './bench.ts';
import { taskSearchCases } from './task-search-cases.ts';

const add = async (store: TaskStore, overrides: Partial<Task>): Promise<Task> => {
  const task = aTask(overrides);
  await store.create({ task, due: aDue({ uid: task.uid }) });
  return task;
};

/** `n` tasks, the later ones created later, in pairs that share an instant. */
const addMany = async (store: TaskStore, n: number, from = 0): Promise<void> => {
  for (let i = from; i < from + n; i += 1) {
    await add(store, { uid: `uid-${i}`, taskId: `task-${i}`, createdAt: T0 + Math.floor(i / 2) });
  }
};

/** Every page of a list, `between` run after each. */
async function walk(store: TaskStore, limit: number, between: () => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list({ filter: {}, limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map((t) => t.taskId));
    cursor = page.next;
    await between();
  } while (cursor !== undefined);
  return ids;
}

type Options = StoreContractOptions<StoreBench<TaskStore>>;

function createCases(options: Options): void {
  describe('create', () => {
    it(
      'keeps a task and its due item',
      onFresh(options, async ({ store }) => {
        const task = aTask({
          symbols: ['BTCUSDT', '比特币'],
          lastRun: { runId: 'r', outcome: 'failed', slot: 1, endedAt: 2, rows: 3 },
        });
        const due = aDue({ active: anActiveRun() });

        expect(await store.create({ task, due })).toEqual({ created: true, task });

        expect(await store.get({ taskId: task.taskId })).toEqual(task);
        expect(await store.getByUid({ uid: task.uid })).toEqual(task);
        expect(await store.getDue({ uid: task.uid })).toEqual(due);
      }),
    );

    it(
      'writes nothing where the name is taken, and answers the holder',
      onFresh(options, async ({ store }) => {
        const holder = await add(store, { uid: 'uid-1', taskId: 'same' });

        const late = aTask({ uid: 'uid-2', taskId: 'same', source: 'okx' });
        const answer = await store.create({ task: late, due: aDue({ uid: 'uid-2' }) });

        expect(answer).toEqual({ created: false, task: holder });
        expect(await store.getByUid({ uid: 'uid-2' })).toBeUndefined();
        expect(await store.getDue({ uid: 'uid-2' })).toBeUndefined();
        expect((await store.list({ filter: {}, limit: 10 })).total).toBe(1);
      }),
    );

    it(
      'writes nothing where the uid is taken, also when the call is a repetition',
      onFresh(options, async ({ store }) => {
        const holder = await add(store, {});
        await store.putDue({ due: aDue({ fence: 7 }), expectedV: 1 });

        const again = await store.create({ task: aTask({ taskId: 'other' }), due: aDue() });
        const same = await store.create({ task: aTask(), due: aDue() });

        expect(again).toEqual({ created: false, task: holder });
        expect(same).toEqual({ created: false, task: holder });
        expect((await store.getDue({ uid: holder.uid }))?.fence).toBe(7);
      }),
    );

    it(
      'lets one of many concurrent creations of a name win',
      onFresh(options, async ({ store, second }) => {
        const other = (await second?.()) ?? store;

        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            (i % 2 ? other : store).create({
              task: aTask({ uid: `uid-${i}` }),
              due: aDue({ uid: `uid-${i}` }),
            }),
          ),
        );

        expect(answers.filter((a) => a.created)).toHaveLength(1);
        expect(new Set(answers.map((a) => a.task.uid)).size).toBe(1);
      }),
    );

    it(
      'keeps copies: a later change of the given object changes nothing',
      onFresh(options, async ({ store }) => {
        const symbols = ['BTCUSDT'];
        await store.create({ task: aTask({ symbols }), due: aDue() });
        symbols.push('ETHUSDT');

        expect((await store.get({ taskId: 'task-1' }))?.symbols).toEqual(['BTCUSDT']);
      }),
    );
  });
}

function replaceCases(options: Options): void {
  describe('replace', () => {
    it(
      'stores the next version and answers it',
      onFresh(options, async ({ store }) => {
        const task = await add(store, {});

        const answer = await store.replace({ task: { ...task, status: 'stopped', v: 99 }, expectedV: 1 });

        expect(answer).toEqual({ outcome: 'committed', value: { ...task, status: 'stopped', v: 2 } });
        expect(await store.get({ taskId: task.taskId })).toEqual({ ...task, status: 'stopped', v: 2 });
      }),
    );

    it(
      'refuses another version and shows what stands',
      onFresh(options, async ({ store }) => {
        const task = await add(store, {});
        await store.replace({ task: { ...task, status: 'stopped' }, expectedV: 1 });

        const late = await store.replace({ task: { ...task, status: 'failed' }, expectedV: 1 });

        expect(late).toEqual({ outcome: 'conflict', current: { ...task, status: 'stopped', v: 2 } });
      }),
    );

    it(
      'shows nothing in conflict with a task that is gone',
      onFresh(options, async ({ store }) => {
        expect(await store.replace({ task: aTask(), expectedV: 1 })).toEqual({
          outcome: 'conflict',
          current: undefined,
        });
      }),
    );

    it(
      'lets one of two handles win each version',
      onFresh(options, async ({ store, second }) => {
        const other = (await second?.()) ?? store;
        const task = await add(store, {});

        for (let v = 1; v <= 5; v += 1) {
          const answers = await Promise.all(
            [store, other].map((s, i) => s.replace({ task: { ...task, dataset: `by-${i}` }, expectedV: v })),
          );
          expect(answers.map((a) => a.outcome).sort()).toEqual(['committed', 'conflict']);
        }
        expect((await other.get({ taskId: task.taskId }))?.v).toBe(6);
      }),
    );
  });
}

function dueCases(options: Options): void {
  describe('putDue', () => {
    it(
      'stores the next version, refuses a stale one',
      onFresh(options, async ({ store }) => {
        await add(store, {});
        const due = aDue({
          fence: 1,
          active: anActiveRun({ skipped: { from: 1, to: 2, n: 2, reason: 'coalesced' } }),
        });

        expect(await store.putDue({ due, expectedV: 1 })).toEqual({
          outcome: 'committed',
          value: { ...due, v: 2 },
        });
        expect(await store.putDue({ due, expectedV: 1 })).toEqual({
          outcome: 'conflict',
          current: { ...due, v: 2 },
        });
        expect(await store.getDue({ uid: due.uid })).toEqual({ ...due, v: 2 });
      }),
    );

    it(
      'never brings back the due item of a removed task',
      onFresh(options, async ({ store }) => {
        const task = await add(store, {});
        await store.remove({ uid: task.uid });

        expect(await store.putDue({ due: aDue(), expectedV: 1 })).toEqual({
          outcome: 'conflict',
          current: undefined,
        });
        expect(await store.getDue({ uid: task.uid })).toBeUndefined();
      }),
    );

    it(
      'removes a task only while it and its due item are as expected, where that is asked for',
      onFresh(options, async ({ store }) => {
        const { uid } = await add(store, {});
        await store.putDue({ due: aDue(), expectedV: 1 });

        expect(await store.remove({ uid, expected: { v: 2, dueV: 2 } })).toBe(false);
        expect(await store.remove({ uid, expected: { v: 1, dueV: 1 } })).toBe(false);
        expect(await store.getDue({ uid })).toBeDefined();
        expect(await store.remove({ uid, expected: { v: 1, dueV: 2 } })).toBe(true);
        expect(await store.remove({ uid, expected: { v: 1, dueV: 2 } })).toBe(false);
        expect([await store.getByUid({ uid }), await store.getDue({ uid })]).toEqual([undefined, undefined]);
      }),
    );

    it(
      'gives a claim to one of many',
      onFresh(options, async ({ store, second }) => {
        const other = (await second?.()) ?? store;
        await add(store, {});

        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            (i % 2 ? other : store).putDue({
              due: aDue({ fence: 1, active: anActiveRun({ owner: `w${i}` }) }),
              expectedV: 1,
            }),
          ),
        );

        expect(answers.filter((a) => a.outcome === 'committed')).toHaveLength(1);
      }),
    );
  });

  describe('getDues', () => {
    it(
      'gives those there are by uid, also in great number, and follows putDue and remove',
      onFresh(options, async ({ store }) => {
        await addMany(store, 1_000);
        const due = aDue({ uid: 'uid-7', fence: 1, active: anActiveRun() });
        await store.putDue({ due, expectedV: 1 });
        await store.remove({ uid: 'uid-8' });
        const uids = ['nobody', ...Array.from({ length: 999 }, (_, i) => `uid-${i}`)];

        const found = await store.getDues({ uids });

        expect(found.size).toBe(998);
        expect(found.get('uid-7')).toEqual({ ...due, v: 2 });
        expect(found.get('uid-998')).toEqual(await store.getDue({ uid: 'uid-998' }));
        expect([found.has('uid-8'), found.has('nobody'), found.has('uid-999')]).toEqual([
          false,
          false,
          false,
        ]);
      }),
    );

    it(
      'takes any text for a uid, twice the same as once, and none at all',
      onFresh(options, async ({ store }) => {
        const uid = `u"'],\u0000;比特币`;
        await add(store, { uid });

        expect([...(await store.getDues({ uids: [uid, uid] }))]).toEqual([[uid, aDue({ uid })]]);
        expect(await store.getDues({ uids: [] })).toEqual(new Map());
      }),
    );
  });

  describe('dueBefore', () => {
    it(
      'gives the earliest first, at or before now, never the unplanned',
      onFresh(options, async ({ store }) => {
        const nextDues = [T0 + 3, T0 + 1, null, T0 + 2, T0 + 9];
        for (const [i, nextDue] of nextDues.entries()) {
          await store.create({
            task: aTask({ uid: `uid-${i}`, taskId: `t-${i}` }),
            due: aDue({ uid: `uid-${i}`, nextDue }),
          });
        }

        expect(await store.dueBefore({ now: T0 + 3, limit: 10 })).toEqual(['uid-1', 'uid-3', 'uid-0']);
        expect(await store.dueBefore({ now: T0 + 100, limit: 2 })).toEqual(['uid-1', 'uid-3']);
        expect(await store.dueBefore({ now: T0, limit: 10 })).toEqual([]);
      }),
    );

    it(
      'follows putDue and remove',
      onFresh(options, async ({ store }) => {
        await addMany(store, 2);
        await store.putDue({ due: aDue({ uid: 'uid-0', nextDue: T0 + 50 }), expectedV: 1 });
        await store.remove({ uid: 'uid-1' });

        expect(await store.dueBefore({ now: T0 + 49, limit: 10 })).toEqual([]);
        expect(await store.dueBefore({ now: T0 + 50, limit: 10 })).toEqual(['uid-0']);
      }),
    );
  });
}

function listCases(options: Options): void {
  describe('list', () => {
    it(
      'gives the newest creation first, ties by uid',
      onFresh(options, async ({ store }) => {
        await addMany(store, 5);

        const page = await store.list({ filter: {}, limit: 10 });

        expect(page.items.map((t) => t.uid)).toEqual(['uid-4', 'uid-2', 'uid-3', 'uid-0', 'uid-1']);
        expect(page.total).toBe(5);
        expect(page.next).toBeUndefined();
      }),
    );

    it(
      'pages without skipping or repeating a task that stays, while others come and go',
      onFresh(options, async ({ store }) => {
        await addMany(store, 12);
        let step = 0;

        const seen = await walk(store, 3, async () => {
          await add(store, { uid: `new-${step}`, taskId: `new-${step}`, createdAt: T0 + 100 + step });
          await store.remove({ uid: `uid-${11 - step}` });
          step += 1;
        });

        const staying = Array.from({ length: 12 - step }, (_, i) => `task-${i}`);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen).toEqual(expect.arrayContaining(staying));
      }),
    );

    it(
      'goes on after the task the cursor points at was removed',
      onFresh(options, async ({ store }) => {
        await addMany(store, 4);
        const first = await store.list({ filter: {}, limit: 2 });
        await store.remove({ uid: first.items[1]?.uid ?? '' });

        const rest = await store.list({ filter: {}, limit: 2, cursor: first.next });

        expect(rest.items.map((t) => t.uid)).toEqual(['uid-0', 'uid-1']);
        expect(rest.next).toBeUndefined();
      }),
    );

    it(
      'keeps to every filter, and counts what matches',
      onFresh(options, async ({ store }) => {
        const base = {
          projectId: 'p',
          status: 'running',
          dataset: 'd',
          dataType: 'kline',
          source: 's',
        } as const;
        const odd: Required<TaskFilter> = {
          projectId: 'p2',
          status: 'stopped',
          dataset: 'd2',
          dataType: 'trade',
          source: 's2',
        };
        await add(store, { ...base, uid: 'base', taskId: 'base' });
        for (const name of Object.keys(odd) as (keyof TaskFilter)[]) {
          await add(store, { ...base, [name]: odd[name], uid: name, taskId: name });
        }

        for (const name of Object.keys(odd) as (keyof TaskFilter)[]) {
          const page = await store.list({ filter: { [name]: odd[name] }, limit: 10 });
          expect(page.items.map((t) => t.uid)).toEqual([name]);
          expect(page.total).toBe(1);
        }
        const both = await store.list({ filter: { projectId: 'p', status: 'running' }, limit: 2 });
        expect(both.total).toBe(4);
        expect(both.items).toHaveLength(2);
        expect((await store.list({ filter: { ...base, source: 'nowhere' }, limit: 10 })).total).toBe(0);
      }),
    );

    it(
      'refuses a cursor it never gave',
      onFresh(options, async ({ store }) => {
        expect(await codeOf(store.list({ filter: {}, limit: 10, cursor: 'nonsense' }))).toBe(
          'STORE_BAD_INPUT',
        );
      }),
    );
  });
}

function removeCases(options: Options): void {
  describe('remove', () => {
    it(
      'forgets task, due item and name',
      onFresh(options, async ({ store }) => {
        const task = await add(store, {});

        expect(await store.remove({ uid: task.uid })).toBe(true);

        expect(await store.get({ taskId: task.taskId })).toBeUndefined();
        expect(await store.getByUid({ uid: task.uid })).toBeUndefined();
        expect(await store.getDue({ uid: task.uid })).toBeUndefined();
        expect(await store.remove({ uid: task.uid })).toBe(false);
        expect(
          (await store.create({ task: aTask({ uid: 'uid-new' }), due: aDue({ uid: 'uid-new' }) })).created,
        ).toBe(true);
      }),
    );
  });
}

function traitCases(options: Options): void {
  const calls: Readonly<Record<string, (s: TaskStore) => Promise<unknown>>> = {
    create: (s) => s.create({ task: aTask(), due: aDue() }),
    get: (s) => s.get({ taskId: 'x' }),
    getByUid: (s) => s.getByUid({ uid: 'x' }),
    replace: (s) => s.replace({ task: aTask(), expectedV: 1 }),
    remove: (s) => s.remove({ uid: 'x' }),
    list: (s) => s.list({ filter: {}, limit: 1 }),
    search: (s) => s.search({ query: 'x', filter: {}, limit: 1 }),
    getDue: (s) => s.getDue({ uid: 'x' }),
    getDues: (s) => s.getDues({ uids: ['x'] }),
    putDue: (s) => s.putDue({ due: aDue(), expectedV: 1 }),
    dueBefore: (s) => s.dueBefore({ now: T0, limit: 1 }),
    ping: (s) => s.ping({ now: T0 }),
  };

  describe('closed', () => {
    it.each(Object.keys(calls))('%s rejects with STORE_CLOSED', async (name) => {
      await onFresh(options, async ({ store }) => {
        await store.close();
        expect(await codeOf(calls[name]?.(store) ?? Promise.resolve())).toBe('STORE_CLOSED');
      })();
    });

    it(
      'may be closed twice',
      onFresh(options, async ({ store }) => {
        await store.close();
        await expect(store.close()).resolves.toBeUndefined();
      }),
    );
  });

  describe('empty', () => {
    it(
      'finds, lists and plans nothing',
      onFresh(options, async ({ store }) => {
        expect(await store.get({ taskId: 'x' })).toBeUndefined();
        expect(await store.getByUid({ uid: 'x' })).toBeUndefined();
        expect(await store.getDue({ uid: 'x' })).toBeUndefined();
        expect(await store.getDues({ uids: ['x'] })).toEqual(new Map());
        expect(await store.list({ filter: {}, limit: 10 })).toEqual({ items: [], total: 0 });
        expect(await store.search({ query: 'btc', filter: {}, limit: 10 })).toEqual({ items: [], total: 0 });
        expect(await store.dueBefore({ now: T0, limit: 10 })).toEqual([]);
      }),
    );

    it(
      'answers a ping',
      onFresh(options, async ({ store }) => {
        await expect(store.ping({ now: T0 })).resolves.toBeUndefined();
      }),
    );
  });

  describe('durable', () => {
    it(
      'remembers over a restart what was acknowledged, where it says so',
      onFresh(options, async (bench) => {
        if (!bench.store.capabilities.durable) return;
        const task = await add(bench.store, { symbols: ['比特币'] });
        await bench.store.putDue({ due: aDue({ fence: 3 }), expectedV: 1 });
        expect(bench.reopen).toBeDefined();

        const store = (await bench.reopen?.()) ?? bench.store;

        expect(await store.get({ taskId: task.taskId })).toEqual(task);
        expect(await store.getDue({ uid: task.uid })).toEqual(aDue({ fence: 3, v: 2 }));
        expect((await store.search({ query: '比特', filter: {}, limit: 5 })).total).toBe(1);
      }),
    );
  });
}

/** The law of `TaskStore`, for any adapter. */
export function taskStoreContract(name: string, options: Options): void {
  describe(`TaskStore: ${name}`, () => {
    createCases(options);
    replaceCases(options);
    dueCases(options);
    listCases(options);
    taskSearchCases(options);
    removeCases(options);
    traitCases(options);
  });
}
