import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '@kairos/domain';
import type { DeclaredTasks } from '@kairos/tasks';
import { RecordingLogger } from '@kairos/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScheduledTasksFile } from './scheduled-tasks.ts';

const entry = (name: string): string =>
  `{ "name": "${name}", "function": "f", "runtime": "nodejs22.x", "schedule": "rate(1 hour)", "config": { "taskType": "t" } }`;

describe('the file of scheduled tasks', () => {
  let dir: string;
  let path: string;
  let applied: string[][];
  let fails: number;
  let log: RecordingLogger;
  let file: ScheduledTasksFile;

  const put = (...names: string[]): void => {
    writeFileSync(`${path}.new`, `{ "tasks": [${names.map(entry).join(',')}] }`);
    renameSync(`${path}.new`, path);
  };
  const declared = {
    plan: async (p: { readonly declarations: readonly { readonly taskId: string }[] }) => ({
      actions: p.declarations.map(({ taskId }) => ({ kind: 'add', taskId })),
    }),
    apply: async (plan: { readonly actions: readonly { readonly taskId: string }[] }) => {
      if (fails > 0) {
        fails -= 1;
        throw new StoreError('STORE_FULL', 'the disk is full');
      }
      applied.push(plan.actions.map((a) => a.taskId));
      const full = { kind: 'conflict', reason: 'there are as many tasks as may be' };
      return {
        ...plan,
        actions: plan.actions.map((a) => (a.taskId === 'too-many' ? { ...a, ...full } : a)),
      };
    },
  } as unknown as DeclaredTasks;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kairos-scheduled-'));
    path = join(dir, 'scheduled-tasks.json');
    applied = [];
    fails = 0;
    log = new RecordingLogger();
    file = new ScheduledTasksFile({ path, locale: 'en', declared, log });
    put('one');
    await file.load();
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('takes an edited file up once it has rested for a look', async () => {
    put('one', 'two');
    await file.step();
    expect(applied).toEqual([['one']]);
    await file.step();
    await file.step();
    expect(applied).toEqual([['one'], ['one', 'two']]);
  });

  it('tries again what the store did not take', async () => {
    fails = 2;
    put('three');
    await file.step();
    await expect(file.step()).rejects.toBeInstanceOf(StoreError);
    await expect(file.step()).rejects.toBeInstanceOf(StoreError);
    await file.step();
    await file.step();
    expect(applied).toEqual([['one'], ['three']]);
    expect(log.entries.filter((l) => l.fields?.['task_id'] === 'three')).toHaveLength(1);
  });

  it('says of a task that the store did not take that it was refused', async () => {
    put('one', 'too-many');
    await file.step();
    await file.step();
    expect(log.entries).toContainEqual(
      expect.objectContaining({
        event: 'scheduled_tasks.plan',
        level: 'error',
        fields: expect.objectContaining({ task_id: 'too-many', action: 'conflict' }),
      }),
    );
  });

  it('tells once of what cannot be read in its place, and takes it up when it can be', async () => {
    rmSync(path);
    symlinkSync(path, path);
    for (let look = 0; look < 5; look += 1) await file.step();
    rmSync(path);
    mkdirSync(path);
    for (let look = 0; look < 5; look += 1) await file.step();
    expect(log.events().filter((e) => e === 'scheduled_tasks.gone')).toHaveLength(1);
    rmSync(path, { recursive: true });
    put('back');
    await file.step();
    await file.step();
    expect(applied.at(-1)).toEqual(['back']);
  });

  it.skipIf(process.platform === 'win32')('does not wait for the writer of a pipe in its place', async () => {
    rmSync(path);
    spawnSync('mkfifo', [path]);
    await file.step();
    await file.step();
    expect(log.events()).toContain('scheduled_tasks.gone');
    rmSync(path);
    put('back');
    await file.step();
    await file.step();
    expect(applied.at(-1)).toEqual(['back']);
  });

  it('refuses to start with a wrong file, and says where it is wrong', async () => {
    writeFileSync(path, '{ "tasks": [\n{ "nam": "x" } ] }');
    await expect(file.load()).rejects.toThrow(/scheduled-tasks\.json:2:.*nam/s);
    rmSync(path);
    await expect(file.load()).rejects.toThrow(/cannot be read \(ENOENT\)/);
  });
});
