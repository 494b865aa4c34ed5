import { describe, expect, it } from 'vitest';
import { createSignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';

/** The signals of the requirement, letter by letter, in the order a person would send them. */
const CREATE = `{
  "action": "create_task",
  "task_id": "task_001",
  "project_id": "moox_project_123",
  "dataset": "crypto_market",
  "data_type": "kline",
  "source": "binance",
  "symbols": ["BTCUSDT", "ETHUSDT"],
  "frequency": "5m",
  "start_time": "2024-01-01T00:00:00Z",
  "end_time": "2024-12-31T23:59:59Z",
  "config": {
    "batch_size": 100,
    "history_days": 30
  }
}`;
const UPDATE = `{
  "action": "update_task",
  "task_id": "task_001",
  "config": {
    "symbols": ["BTCUSDT", "ETHUSDT", "BNBUSDT"],
    "frequency": "1h"
  }
}`;
const LIST = `{
  "action": "list_tasks",
  "project_id": "moox_project_123",
  "status": "running"
}`;
const STATUS = `{
  "action": "get_task_status",
  "task_id": "task_001"
}`;
const DELETE = `{
  "action": "delete_task",
  "task_id": "task_001"
}`;
const CURL = `{
  "action": "create_task",
  "task_id": "test_001",
  "project_id": "test_project",
  "dataset": "test_dataset",
  "data_type": "kline",
  "source": "binance",
  "symbols": ["BTCUSDT"],
  "frequency": "1h"
}`;

describe.each([
  [
    'zh',
    {
      created: '任务创建成功',
      updated: '任务更新成功',
      deleted: '任务删除成功',
      failed: '任务信令验证失败',
      empty: 'data_type不能为空',
    },
  ],
  [
    'en',
    {
      created: 'task created',
      updated: 'task updated',
      deleted: 'task deleted',
      failed: 'signal validation failed',
      empty: 'data_type must not be empty',
    },
  ],
] as const)('the requirement in %s', (locale, words) => {
  it('lives through its own examples', async () => {
    const world = new FakeWorld();
    const door = createSignalHandler(world.deps({ locale }));

    expect(await door.handleText(CREATE)).toEqual({
      status: 200,
      body: { success: true, data: { task_id: 'task_001', status: 'running', message: words.created } },
    });
    expect(world.calls[0]?.args).toMatchObject({
      taskId: 'task_001',
      content: {
        startTime: Date.UTC(2024, 0, 1),
        endTime: Date.UTC(2024, 11, 31, 23, 59, 59),
        config: { batchSize: 100, historyDays: 30 },
      },
    });
    expect(await door.handleText(UPDATE)).toMatchObject({
      status: 200,
      body: { data: { task_id: 'task_001', status: 'running', message: words.updated } },
    });
    expect(await door.handleText(LIST)).toMatchObject({
      status: 200,
      body: { data: { tasks: [{ task_id: 'task_001', frequency: '1h' }], total: 1 } },
    });
    expect(await door.handleText(STATUS)).toMatchObject({
      status: 200,
      body: {
        success: true,
        data: {
          task_id: 'task_001',
          status: 'running',
          symbols: ['BTCUSDT', 'ETHUSDT', 'BNBUSDT'],
          frequency: '1h',
          end_time: '2024-12-31T23:59:59Z',
        },
      },
    });
    expect(await door.handleText(DELETE)).toEqual({
      status: 200,
      body: { success: true, data: { task_id: 'task_001', message: words.deleted } },
    });
    expect(await door.handleText(CURL)).toMatchObject({
      status: 200,
      body: { data: { task_id: 'test_001' } },
    });
  });

  it('fails in its own words', async () => {
    const door = createSignalHandler(new FakeWorld().deps({ locale }));
    const rest = JSON.parse(CURL) as Record<string, unknown>;
    delete rest['data_type'];
    for (const signal of [rest, { ...rest, data_type: '' }, { ...rest, data_type: null }]) {
      const reply = await door.handle(signal);
      expect(reply).toMatchObject({
        status: 400,
        body: { success: false, message: words.failed, error: words.empty },
      });
      expect(Object.keys(reply.body)).toEqual(['success', 'message', 'error', 'code', 'details']);
    }
  });

  it('speaks the other language when a call asks for it', async () => {
    const other = locale === 'zh' ? 'en' : 'zh';
    const door = createSignalHandler(new FakeWorld().deps({ locale: other }));
    expect((await door.handle({}, { locale })).body).toMatchObject({ message: words.failed });
    expect((await door.handle({}, { locale: 'fr' as 'en' })).body).not.toMatchObject({
      message: words.failed,
    });
  });
});
