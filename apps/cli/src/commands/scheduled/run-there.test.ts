import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { SystemClock } from '@kairos/clock-system';
import type { LoggedLine } from '@kairos/ports';
import { FsRunLogs } from '@kairos/run-logs-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../configuration.ts';
import { SILENT } from '../../open-house.ts';
import type { Data } from '../ask.ts';
import { runThere } from './run-there.ts';
import type { RunOrder } from './run.ts';
import { folderWith } from './testing/task-manager.ts';

const RUN = 'abcdefghijkl.m1700000000000';
const OK = (data: object): object => ({ success: true, data });
const NO = (code: string): object => ({ success: false, message: 'refused', error: code, code });

let dir = '';
let server: Server;
let url = '';
/** What the server answers, by action; a list is answered one by one, its last for ever. */
let answers: Record<string, readonly object[]>;
let asked: string[];

beforeEach(async () => {
  ({ dir } = folderWith(undefined));
  answers = {};
  asked = [];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { action } = JSON.parse(text) as { action: string };
      asked.push(action);
      const scripted = answers[action] ?? [];
      const nth = asked.filter((a) => a === action).length - 1;
      response.end(JSON.stringify(scripted[Math.min(nth, scripted.length - 1)] ?? NO('UNKNOWN_ACTION')));
    });
  });
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterEach(async () => {
  await new Promise((closed) => {
    server.close(closed);
    server.closeAllConnections();
  });
  rmSync(dir, { recursive: true, force: true });
});

const aRun = (outcome: string, more: object = {}): object =>
  OK({
    runs: [
      { run_id: RUN, outcome, rows: 0, ...more },
      { run_id: 'older', outcome: 'failed' },
    ],
  });

async function ordered(more: Partial<RunOrder> = {}): Promise<{
  readonly order: RunOrder;
  readonly lines: LoggedLine[];
  readonly said: string[];
}> {
  const lines: LoggedLine[] = [];
  const said: string[] = [];
  const loaded = await loadConfig(join(dir, 'kairos.yaml'), {});
  const order: RunOrder = {
    desk: { loaded, language: 'en', file: 'tasks.json' },
    name: 'task',
    store: join(dir, 'kairos.sqlite'),
    env: {},
    signal: new AbortController().signal,
    onLine: (line) => void lines.push(line),
    say: (text) => void said.push(text),
    ...more,
  };
  return { order, lines, said };
}

async function log(message: string, runId = RUN): Promise<void> {
  const logs = new FsRunLogs({ dir: join(dir, 'logs'), clock: new SystemClock(), log: SILENT });
  logs.append({ taskId: 'task', runId, line: { at: 0, level: 'info', stream: 'log', message } });
  await logs.flush();
}

/** Nobody waits for anything. */
const AT_ONCE = { sleep: (): Promise<void> => Promise.resolve() };

describe('a run on the server', () => {
  it('is ordered, followed with what it says, and told as it ended', async () => {
    answers = {
      run_task: [OK({ run_id: RUN })],
      list_runs: [OK({ runs: [] }), aRun('running'), aRun('handed_over'), aRun('succeeded', { rows: 3 })],
    };
    await log('of this run');
    await log('of another', 'other');
    const { order, lines, said } = await ordered();

    const ended = await runThere(order, { url, token: undefined });

    expect(ended).toMatchObject({ run: { outcome: 'succeeded', rows: 3 }, retryAt: '' });
    expect(lines.map((l) => l.message)).toEqual(['of this run']);
    expect(said).toEqual([`the server at ${url} runs task`]);
    expect(asked.filter((a) => a === 'list_runs')).toHaveLength(4);
  });

  it('that is active already is followed instead', async () => {
    answers = {
      run_task: [NO('CONFLICT_RUN_ACTIVE')],
      get_task_status: [OK({ task_id: 'task', active_run_id: RUN })],
      list_runs: [aRun('succeeded')],
    };
    const { order, said } = await ordered();

    expect(await runThere(order, { url, token: undefined })).toMatchObject({ run: { run_id: RUN } });
    expect(said[0]).toBe('task runs already; following that run');
  });

  it('of a task that the server takes up only now waits for that', async () => {
    answers = {
      run_task: [NO('TASK_NOT_FOUND'), NO('TASK_NOT_FOUND'), OK({ run_id: RUN })],
      list_runs: [aRun('succeeded')],
    };
    const { order, said } = await ordered();

    expect(await runThere(order, { url, token: undefined, clock: AT_ONCE })).toMatchObject({
      run: { run_id: RUN },
    });
    expect(said).toEqual([
      `the server at ${url} does not know task yet; waiting for it to take the file up`,
      `the server at ${url} runs task`,
    ]);
  });

  it('that failed says when it is tried again', async () => {
    const next_run_at = '2026-11-22T19:10:05.000Z';
    answers = {
      run_task: [OK({ run_id: RUN })],
      get_task_status: [OK({ task_id: 'task', active_run_id: RUN, next_run_at })],
      list_runs: [aRun('failed', { error: { code: 'JOB_FAILED', message: 'no' } })],
    };
    const { order } = await ordered();

    const ended = await runThere(order, { url, token: undefined });
    expect(ended.retryAt).toBe('2026-11-22 19:10:05 UTC');
    expect((ended.run as Data)['error']).toEqual({ code: 'JOB_FAILED', message: 'no' });
  });

  it('goes on when nobody follows it any more', async () => {
    const stop = new AbortController();
    answers = { run_task: [OK({ run_id: RUN })], list_runs: [aRun('running')] };
    const { order } = await ordered({ signal: stop.signal, say: () => stop.abort() });

    expect(await runThere(order, { url, token: undefined })).toEqual({
      run: undefined,
      retryAt: '',
      interrupted: 'no longer followed; the server goes on with the run: task-manager logs task',
    });
  });

  it.each([
    ['TASK_NOT_FOUND', 'none while the file has errors'],
    ['TASK_STOPPED', 'refused: TASK_STOPPED'],
  ])('is refused where the server refuses it (%s)', async (code, why) => {
    answers = { run_task: [NO(code)] };
    const { order } = await ordered();

    await expect(runThere(order, { url, token: undefined, clock: AT_ONCE })).rejects.toThrow(why);
  });
});
