import { ConflictError, KairosError, StoreError, UnsupportedError, ValidationError } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import { FakeWorld, NOW } from './testing/fake-world.ts';
import { createSignalHandler } from './signal-handler.ts';
import type { SignalHandlerDeps } from './action.ts';
import type { FailureBody, SignalReply } from './reply.ts';
import type { TaskContent } from '@kairos/domain';

const CREATE = {
  action: 'create_task',
  task_id: 'task_001',
  project_id: 'moox_project_123',
  dataset: 'crypto_market',
  data_type: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  frequency: '5m',
};

function open(overrides: Partial<SignalHandlerDeps> = {}) {
  const world = new FakeWorld();
  return { world, door: createSignalHandler(world.deps(overrides)) };
}

function refusal(reply: SignalReply): FailureBody {
  if (reply.body.success) throw new Error(`not refused: ${JSON.stringify(reply.body)}`);
  return reply.body;
}

function dataOf(reply: SignalReply): Readonly<Record<string, unknown>> {
  if (!reply.body.success) throw new Error(`refused: ${reply.body.error}`);
  return reply.body.data;
}

async function codesOf(
  input: object,
  overrides: Partial<SignalHandlerDeps> = {},
): Promise<Record<string, string>> {
  const { world, door } = open(overrides);
  const reply = await door.handle(input);
  expect(reply.status).toBe(400);
  expect(world.calls).toEqual([]);
  return Object.fromEntries((refusal(reply).details ?? []).map((d) => [d.path, d.code]));
}

async function contentOf(
  input: object,
): Promise<{ content: TaskContent; data: Readonly<Record<string, unknown>> }> {
  const { world, door } = open();
  const data = dataOf(await door.handle(input));
  const { content } = world.calls[0]?.args as { content: TaskContent };
  return { content, data };
}

describe('create_task', () => {
  it('turns a signal into content, with defaults', async () => {
    const { content } = await contentOf({
      ...CREATE,
      start_time: '2024-01-01T08:00:00+08:00',
      config: { batch_size: 100 },
    });

    expect(content).toEqual({
      handler: 'collect',
      projectId: 'moox_project_123',
      dataset: 'crypto_market',
      dataType: 'kline',
      source: 'binance',
      symbols: ['BTCUSDT', 'ETHUSDT'],
      frequency: '5m',
      startTime: Date.UTC(2024, 0, 1),
      endTime: null,
      schedule: null,
      timezone: 'UTC',
      job: null,
      config: {
        batchSize: 100,
        historyDays: 30,
        missed: 'once',
        retries: 5,
        price: 'last',
        confirmLarge: false,
      },
    });
  });

  it('is success again for the same signal, and a conflict for other content', async () => {
    const { door } = open();
    await door.handle(CREATE);

    expect(dataOf(await door.handle(CREATE))).toMatchObject({ task_id: 'task_001', created: false });
    const other = await door.handle({ ...CREATE, frequency: '1h' });
    expect(other.status).toBe(409);
    expect(refusal(other)).toMatchObject({ code: 'TASK_EXISTS', message: 'conflict' });
  });

  it('names every wrong field at once', async () => {
    const { door } = open();
    const body = refusal(
      await door.handle(
        { action: 'create_task', symbols: [], frequency: '', config: { retries: 99 } },
        { locale: 'zh' },
      ),
    );

    expect(body.error).toBe(
      'project_id不能为空；dataset不能为空；data_type不能为空；source不能为空；symbols不能为空；frequency不能为空；config.retries必须是0到20之间的整数',
    );
    expect(body.details).toHaveLength(7);
    expect(body.details?.[2]).toEqual({ path: 'data_type', code: 'required', message: 'data_type不能为空' });
  });

  it('judges good fields together while others are wrong', async () => {
    const codes = await codesOf({
      ...CREATE,
      dataset: null,
      source: 'binanec',
      start_time: '2025-01-02',
      end_time: '2025-01-02',
    });

    expect(codes).toEqual({ dataset: 'required', source: 'unknown_source', end_time: 'time_order' });
  });

  it('takes task fields from config and refuses ones that differ from the top level', async () => {
    const { symbols, frequency, ...rest } = CREATE;

    const { content } = await contentOf({
      ...rest,
      frequency,
      config: { symbols, frequency: '5m', source: 'binance' },
    });
    expect(content.symbols).toEqual(symbols);

    expect(await codesOf({ ...CREATE, config: { frequency: '1h' } })).toEqual({
      'config.frequency': 'fields_differ',
    });
    expect(await codesOf({ ...rest, frequency, config: { symbols: ['BTC USDT'] } })).toEqual({
      'config.symbols.0': 'symbol',
    });
  });

  it.each([
    ['source', 'binanec', 'unknown_source', 'did you mean "binance"?'],
    ['data_type', 'klines', 'unsupported_data_type', 'did you mean "kline"?'],
    ['data_type', 'toString', 'unsupported_data_type', 'it offers kline, ticker'],
    ['source', 'toString', 'unknown_source', 'is unknown'],
    ['frequency', '7m', 'unsupported_frequency', '1m, 5m'],
    ['frequency', '5x', 'timeframe_invalid', '1m, 5m'],
    ['symbols', 'BTCUSDT', 'array', 'must be a list'],
    ['symbols', Array.from({ length: 1001 }, (_, i) => `S${i}`), 'too_many', '1000'],
    ['task_id', 'a/b', 'identifier', 'letters'],
    ['task_id', '..', 'identifier', 'letters'],
    ['task_id', 'x'.repeat(65), 'too_long', '64'],
    ['task_id', 'cafe\u0301', 'identifier', 'NFC'],
    ['dataset', 'a\u202eb', 'identifier', 'letters'],
    ['project_id', 7, 'string', 'must be text'],
    ['project_id', '   ', 'required', 'must not be empty'],
    ['start_time', 1_704_067_200, 'time_seconds', 'seconds'],
    ['start_time', '2024-02-30', 'time_invalid', 'ISO-8601'],
    ['start_time', '2024-01-01T25:00:00Z', 'time_invalid', 'ISO-8601'],
    ['start_time', 1.5e12 + 0.5, 'time_invalid', 'ISO-8601'],
    ['start_time', {}, 'time_invalid', 'ISO-8601'],
    ['end_time', '1850-01-01T00:00:00Z', 'time_out_of_range', '1900'],
    ['schedule', 'rate(1 minutes)', 'schedule_rate_number', 'agree'],
    ['schedule', 'rate(0 minutes)', 'schedule_rate_zero', 'never runs'],
    ['schedule', 'every now and then', 'schedule_unknown', 'rate(5 minutes)'],
    ['schedule', 'cron(0 18 * * *)', 'schedule_cron_fields', 'six fields'],
    ['schedule', 'cron(0 0 30 2 ? *)', 'schedule_never', 'never comes'],
    ['schedule', 'at(2026-02-30T00:00:00)', 'schedule_at_date', 'not in the calendar'],
    ['timezone', 'Asia/Shangai', 'timezone_unknown', 'IANA'],
    ['timezone', 'x'.repeat(65), 'too_long', '64'],
    ['config', 'x', 'object', 'must be a JSON object'],
    ['history_days', 0, 'int_between', 'from 1 to 20000'],
    ['retries', 21, 'int_between', 'from 0 to 20'],
    ['batch_size', 1.5, 'int_between', 'whole number'],
    ['missed', 'onec', 'one_of', 'did you mean "once"?'],
    ['price', 'middle', 'one_of', 'last, mark, index'],
    ['confirm_large', 'yes', 'boolean', 'true or false'],
    ['symbol', 'BTCUSDT', 'unknown_key', 'did you mean "symbols"?'],
  ])('refuses %s = %j with %s', async (field, value, code, words) => {
    const { world, door } = open();
    const reply = await door.handle({ ...CREATE, [field]: value });
    const body = refusal(reply);

    expect(reply.status).toBe(400);
    expect(body.code).toBe('VALIDATION');
    expect(body.details).toHaveLength(1);
    expect(body.details?.[0]).toMatchObject({ path: field, code });
    expect(body.error).toContain(words);
    expect(world.calls).toEqual([]);
  });

  it('accepts Chinese names and every documented kind of symbol', async () => {
    const symbols = ['BTC/USDT:USDT', '000001.SH', '比特币', 'A-B_C'];
    const { content } = await contentOf({ ...CREATE, project_id: '项目_1', dataset: '基金.净值', symbols });

    expect(content).toMatchObject({ projectId: '项目_1', dataset: '基金.净值', symbols });
  });

  it('takes selectors and exclusions as they are written', async () => {
    const symbols = ['*/USDT', 'top:50:USDT', 'BTC/*', '*/USDT:USDT', '!*UP/USDT', '!BTCUSDT', 'JUP/USDT'];
    expect((await contentOf({ ...CREATE, symbols })).content.symbols).toEqual(symbols);
  });

  it.each([
    [['*USDT'], 'symbols.0', 'selector_pattern', 'symbols.0 must use * within the parts of a pair'],
    [['A', 'top:0:USDT'], 'symbols.1', 'selector_top', 'symbols.1 must look like top:50:USDT'],
    [['*/USDT', '!'], 'symbols.1', 'selector_exclusion', 'such as !BTC/USDT'],
    [['*/USDT', '!top:5:USDT'], 'symbols.1', 'selector_exclusion', 'symbols.1 must be ! and then a symbol'],
    [['*/USDT\u202e'], 'symbols.0', 'symbol', 'may hold only letters'],
    [['A', '!B/USDT'], 'symbols', 'exclusions_alone', 'symbols excludes (!) without a selector'],
    [['!B/USDT'], 'symbols', 'exclusions_alone', 'add one, such as */USDT'],
    [['*/USDT', 'B/USDT', '!BUSDT'], 'symbols', 'symbol_excluded', 'both names and excludes "B/USDT"'],
  ])('refuses symbols %j: %s %s', async (symbols, path, code, text) => {
    const { door } = open();
    const body = refusal(await door.handle({ ...CREATE, symbols }));

    expect(body.details).toMatchObject([{ path, code }]);
    expect(body.error).toContain(text);
  });

  it('says in Chinese what is wrong with a selector', async () => {
    const { door } = open();
    const symbols = ['top:5000:USDT', '*', '!!A/B'];
    const body = refusal(await door.handle({ ...CREATE, symbols }, { locale: 'zh' }));

    expect(body.error).toBe(
      'symbols.0必须形如 top:50:USDT，数量为1到1000；symbols.1中的 * 只能用于交易对的各部分，例如 */USDT、BTC/*、*/USDT:USDT；symbols.2必须是 ! 加一个交易对或通配，例如 !BTC/USDT、!*UP/USDT',
    );
  });

  it('reckons with what selectors may come to when it judges the size of a task', async () => {
    const year = { ...CREATE, frequency: '1m', history_days: 365 };

    expect(await codesOf({ ...year, symbols: ['*/USDT'] })).toEqual({
      'config.confirm_large': 'too_many_records',
    });
    expect((await contentOf({ ...year, symbols: ['top:50:USDT', 'BTCUSDT'] })).data).toMatchObject({
      task_id: 'task_001',
    });
  });

  it('judges selectors together with what the task has when one of them is changed', async () => {
    const { door } = open();
    await door.handle({ ...CREATE, symbols: ['*/USDT', '!BTC/USDT'] });
    const update = (symbols: readonly string[]) =>
      door.handle({ action: 'update_task', task_id: 'task_001', symbols });

    expect(refusal(await update(['BTC/USDT', '!BTC/USDT']))).toMatchObject({
      details: [{ path: 'symbols', code: 'exclusions_alone' }],
    });
    expect(dataOf(await update(['*/USDT']))).toMatchObject({ status: 'running' });
  });

  it('takes a symbol written twice once, with a warning', async () => {
    const { content, data } = await contentOf({ ...CREATE, symbols: ['A', 'B', 'A', 'a'] });

    expect(content.symbols).toEqual(['A', 'B', 'a']);
    expect(data['warnings']).toEqual(['1 repeated entries of symbols were taken once']);
  });

  it('lets start_time win over history_days', async () => {
    const { content } = await contentOf({ ...CREATE, start_time: 1_704_067_200_000, history_days: 7 });

    expect(content).toMatchObject({ startTime: 1_704_067_200_000, config: { historyDays: 7 } });
  });

  it('reads a time without a zone as UTC and says so', async () => {
    const { content, data } = await contentOf({ ...CREATE, start_time: '2024-01-01T00:00:00' });

    expect(content.startTime).toBe(Date.UTC(2024, 0, 1));
    expect(data['warnings']).toEqual(['start_time names no time zone and was read as UTC']);
  });

  it('wants confirm_large for more than fifty million planned records', async () => {
    const symbols = Array.from({ length: 1000 }, (_, i) => `S${i}`);
    const large = { ...CREATE, symbols, frequency: '1m', history_days: 365 };

    expect(await codesOf(large)).toEqual({ 'config.confirm_large': 'too_many_records' });
    expect((await contentOf({ ...large, config: { confirm_large: true } })).content.config.confirmLarge).toBe(
      true,
    );
    expect((await contentOf({ ...large, history_days: 30 })).content.symbols).toHaveLength(1000);
  });

  it('collects snapshots from now on, whatever history is asked for', async () => {
    const ticker = { ...CREATE, data_type: 'ticker', frequency: '1m' };
    const warnings = ['snapshot history cannot be had; collecting from now on'];

    const asked = await contentOf({ ...ticker, history_days: 7 });
    expect(asked.content.config.historyDays).toBe(0);
    expect(asked.data['warnings']).toEqual(warnings);
    expect((await contentOf({ ...ticker, start_time: '2024-01-01' })).data['warnings']).toEqual(warnings);
    expect((await contentOf(ticker)).data['warnings']).toBeUndefined();
  });

  it('carries the standing warnings of the deployment, and survives their failure', async () => {
    const warned = open({ warnings: () => ['the store is not durable'] });
    expect(dataOf(await warned.door.handle(CREATE))['warnings']).toEqual(['the store is not durable']);

    const failing = open({
      warnings: () => {
        throw new Error('no');
      },
    });
    expect((await failing.door.handle(CREATE)).status).toBe(200);
  });

  it('takes a schedule with its zone, and remarks on what is not proven', async () => {
    const { door, world } = open();
    const cron = { ...CREATE, schedule: 'cron(0 18 LW * ? *)', timezone: 'Asia/Shanghai' };

    const data = dataOf(await door.handle(cron));

    expect(world.held.get('task_001')).toMatchObject({
      schedule: 'cron(0 18 LW * ? *)',
      timezone: 'Asia/Shanghai',
    });
    expect(data['warnings']).toEqual([expect.stringContaining('schedule: ')]);
    expect(
      dataOf(await door.handle({ ...cron, schedule: 'cron(0 18 L * ? *)', task_id: 'u' })),
    ).not.toHaveProperty('warnings');
  });
});

describe('update_task', () => {
  async function opened() {
    const both = open();
    await both.door.handle({
      ...CREATE,
      start_time: '2024-01-01',
      end_time: '2024-06-01',
      schedule: 'rate(1 hour)',
    });
    return both;
  }

  it('replaces symbols and names only what changes', async () => {
    const { world, door } = await opened();
    const reply = await door.handle({
      action: 'update_task',
      task_id: 'task_001',
      config: { symbols: ['X', 'X'], retries: 2 },
    });

    expect(dataOf(reply)).toMatchObject({ task_id: 'task_001', status: 'running', rev: 2 });
    expect(world.calls.at(-1)?.args).toEqual({
      taskId: 'task_001',
      patch: { symbols: ['X'], config: { retries: 2 } },
      expectedRev: 1,
    });
  });

  it('clears end, start, schedule and batch size by null', async () => {
    const { world, door } = await opened();
    const clear = { start_time: null, end_time: null, schedule: null, batch_size: null };
    await door.handle({ action: 'update_task', task_id: 'task_001', ...clear });

    expect(world.held.get('task_001')).toMatchObject({ startTime: null, endTime: null, schedule: null });
  });

  it.each([
    [{ source: 'okx', data_type: 'ticker' }, 'data_type', 'unsupported_data_type'],
    [{ symbols: null }, 'symbols', 'required'],
    [{ history_days: null }, 'history_days', 'required'],
    [{}, '', 'update_empty'],
    [{ expected_rev: -1, frequency: '1h' }, 'expected_rev', 'int_between'],
  ])('refuses %j', async (change, path, code) => {
    const { world, door } = await opened();
    const body = refusal(await door.handle({ action: 'update_task', task_id: 'task_001', ...change }));

    expect(body.details).toMatchObject([{ path, code }]);
    expect(world.calls.map((c) => c.method)).toEqual(['create']);
  });

  it.each([
    [{ end_time: '2023-01-01' }, 'end_time', 'time_order'],
    [{ frequency: '7m' }, 'frequency', 'unsupported_frequency'],
    [{ source: 'okx', frequency: '1d' }, 'frequency', 'unsupported_frequency'],
    [
      { source: 'okx', frequency: '1h', data_type: 'kline', end_time: '2023-01-01' },
      'end_time',
      'time_order',
    ],
    [
      { frequency: '1m', start_time: '1900-01-01', end_time: '2024-01-01', symbols: ['A'] },
      'config.confirm_large',
      'too_many_records',
    ],
  ])('judges %j against the task as it stands', async (change, path, code) => {
    const { world, door } = await opened();
    const reply = await door.handle({ action: 'update_task', task_id: 'task_001', ...change });

    expect(reply.status).toBe(400);
    expect(refusal(reply).details).toMatchObject([{ path, code }]);
    expect(world.calls.map((c) => c.method)).not.toContain('update');
  });

  it('looks again when another change came between', async () => {
    const { world, door } = await opened();
    world.beforeUpdate = () => {
      const task = world.held.get('task_001');
      if (task) world.held.set('task_001', { ...task, source: 'okx', rev: 2 });
    };
    const reply = await door.handle({ action: 'update_task', task_id: 'task_001', frequency: '1d' });

    expect(refusal(reply).details).toMatchObject([{ path: 'frequency', code: 'unsupported_frequency' }]);
    expect(world.held.get('task_001')).toMatchObject({ source: 'okx', frequency: '5m' });
  });

  it('passes the expected revision on and answers its conflict', async () => {
    const { world, door } = await opened();
    const reply = await door.handle({
      action: 'update_task',
      task_id: 'task_001',
      frequency: '1h',
      expected_rev: 9,
    });

    expect(reply.status).toBe(409);
    expect(refusal(reply)).toMatchObject({
      code: 'REV_CONFLICT',
      details: [{ params: { rev: 1, expected: 9 } }],
    });
    expect(world.calls.filter((c) => c.method === 'update')).toHaveLength(1);
  });

  it('gives candles their default history when a snapshot task becomes one', async () => {
    const { world, door } = open();
    await door.handle({ ...CREATE, data_type: 'ticker' });
    await door.handle({ action: 'update_task', task_id: 'task_001', data_type: 'kline' });
    expect(world.held.get('task_001')?.config.historyDays).toBe(30);

    await door.handle({ action: 'update_task', task_id: 'task_001', data_type: 'ticker' });
    expect(world.held.get('task_001')?.config.historyDays).toBe(0);
  });
});

describe('other actions', () => {
  it('answers a task that is not there with 404', async () => {
    const { door } = open();
    for (const action of [
      'update_task',
      'delete_task',
      'get_task_status',
      'start_task',
      'stop_task',
      'run_task',
      'list_runs',
    ]) {
      const reply = await door.handle(
        { action, task_id: 'nobody', ...(action === 'update_task' ? { frequency: '1h' } : {}) },
        { locale: 'zh' },
      );

      expect(reply.status).toBe(404);
      expect(refusal(reply)).toMatchObject({
        message: '未找到',
        error: '任务nobody不存在',
        code: 'TASK_NOT_FOUND',
      });
    }
  });

  it('names a run by request_id, or by the delivery', async () => {
    const { world, door } = open();
    await door.handle(CREATE);
    await door.handle({ action: 'run_task', task_id: 'task_001', request_id: 'r1' }, { deliveryId: 'd1' });
    await door.handle({ action: 'run_task', task_id: 'task_001' }, { deliveryId: 'd1' });

    expect(world.calls.slice(1).map((c) => c.args)).toEqual([
      { taskId: 'task_001', requestId: 'r1' },
      { taskId: 'task_001', requestId: 'd1' },
    ]);
  });

  it('tells which run is active', async () => {
    const { door } = open();
    await door.handle({ ...CREATE, task_id: 'busy' });
    const reply = await door.handle({ action: 'run_task', task_id: 'busy' });

    expect(reply.status).toBe(409);
    expect(refusal(reply).details).toMatchObject([
      { code: 'CONFLICT_RUN_ACTIVE', params: { run_id: 'abcdefghijkl.s1748736000000' } },
    ]);
  });

  it('passes filters, limits and cursors on', async () => {
    const { world, door } = open();
    const filters = {
      project_id: 'p',
      status: 'running',
      dataset: 'd',
      data_type: 'kline',
      source: 'binance',
    };
    await door.handle({
      action: 'search_tasks',
      query: '基金 "x" OR 1=1 --',
      ...filters,
      limit: 5,
      cursor: 'c',
    });
    await door.handle({ action: 'list_tasks', status: null });

    const filter = { projectId: 'p', status: 'running', dataset: 'd', dataType: 'kline', source: 'binance' };
    expect(world.calls[0]?.args).toEqual({ query: '基金 "x" OR 1=1 --', filter, limit: 5, cursor: 'c' });
    expect(world.calls[1]?.args).toMatchObject({ filter: {}, limit: 100 });
  });

  it.each([
    [{ action: 'list_tasks', status: 'runing' }, 'status', 'one_of'],
    [{ action: 'list_tasks', limit: 1001 }, 'limit', 'int_between'],
    [{ action: 'search_tasks', query: ' ' }, 'query', 'required'],
    [
      {
        action: 'query_data',
        source: 'binance',
        symbol: 'B',
        data_type: 'kline',
        frequency: '1h',
        limit: 10_001,
      },
      'limit',
      'int_between',
    ],
    [
      {
        action: 'query_data',
        source: 'binance',
        symbol: 'B',
        data_type: 'kline',
        frequency: '1h',
        from: 2e12,
        to: 2e12,
      },
      'to',
      'time_order',
    ],
    [
      { action: 'get_coverage', source: 'binance', data_type: 'kline', frequency: '1h' },
      'symbol',
      'required',
    ],
    [
      {
        action: 'refetch',
        source: 'binance',
        symbol: 'B',
        data_type: 'kline',
        frequency: '1h',
        from: '2024-01-01',
      },
      'to',
      'required',
    ],
    [
      {
        action: 'refetch',
        source: 'nowhere',
        symbol: 'B',
        data_type: 'kline',
        frequency: '1h',
        from: '2024-01-01',
        to: '2024-01-02',
      },
      'source',
      'unknown_source',
    ],
    [
      {
        action: 'refetch',
        source: 'binance',
        symbol: 'B',
        data_type: 'kline',
        frequency: '1m',
        from: '1900-01-01',
        to: '2024-01-02',
      },
      'to',
      'refetch_too_large',
    ],
    [{ action: 'delete_task', task_id: 'a', frequency: '1h' }, 'frequency', 'unknown_key'],
    [{ action: 'CREATE_TASK' }, 'action', 'unknown_action'],
    [{ action: '' }, 'action', 'required'],
    [{ action: 3 }, 'action', 'string'],
    [{ task_id: 'a' }, 'action', 'required'],
  ])('refuses %j', async (input, path, code) => {
    expect(await codesOf(input)).toEqual({ [path]: code });
  });

  it('suggests the action that was meant', async () => {
    const { door } = open();
    expect(refusal(await door.handle({ action: 'create' })).error).toContain('did you mean "create_task"?');
    expect(refusal(await door.handle({ action: 'list_task' }, { locale: 'zh' })).error).toContain(
      '您是否想用“list_tasks”',
    );
  });

  it('answers an unknown series with 404 and a refetch nobody serves likewise', async () => {
    const { door } = open();
    const series = { source: 'binance', symbol: 'NOPE', data_type: 'kline', frequency: '1h' };
    expect(refusal(await door.handle({ action: 'get_coverage', ...series }))).toMatchObject({
      code: 'SERIES_NOT_FOUND',
    });
    const reply = await door.handle({ action: 'refetch', ...series, from: '2024-01-01', to: '2024-01-02' });
    expect(reply.status).toBe(404);
    expect(refusal(reply).error).toBe('no task collects this series: binance NOPE');
  });

  it('asks for less when rows would not fit a reply', async () => {
    const { world, door } = open();
    const wide = 'x'.repeat(2_000);
    const asked: number[] = [];
    const query = async (p: { limit: number }) => {
      asked.push(p.limit);
      const series = await world.series.find({
        source: 'binance',
        symbol: 'BTCUSDT',
        dataType: 'kline',
        frequency: '1h',
      });
      return {
        series,
        columns: ['timestamp_ms'],
        rows: Array.from({ length: p.limit }, () => [wide]),
        provisional: 0,
      };
    };
    const small = createSignalHandler(world.deps({ series: { ...world.series, query } }));
    const signal = {
      action: 'query_data',
      source: 'binance',
      symbol: 'BTCUSDT',
      data_type: 'kline',
      frequency: '1h',
      limit: 10_000,
    };

    expect(JSON.stringify(await small.handle(signal)).length).toBeLessThan(5_100_000);
    expect(asked.length).toBeGreaterThan(1);
    expect((await door.handle(signal)).status).toBe(200);
  });

  it('passes on which findings are wanted, and refuses what cannot be a question', async () => {
    const { world, door } = open();
    const signal = {
      action: 'list_findings',
      source: 'binance',
      symbol: 'BTCUSDT',
      data_type: 'kline',
      frequency: '1h',
    };
    dataOf(await door.handle({ ...signal, code: 'off_grid', from: NOW - 1, to: NOW, cursor: 'f1' }));
    dataOf(await door.handle(signal));

    const wanted = { code: undefined, from: undefined, to: undefined, limit: 100, cursor: undefined };
    expect(world.calls.map((c) => c.args)).toMatchObject([
      { code: 'off_grid', from: NOW - 1, to: NOW, limit: 100, cursor: 'f1' },
      wanted,
    ]);
    const { body } = await door.handle({ ...signal, code: 'Off grid', from: NOW, to: NOW, limit: 1_001 });
    expect(body.success ? [] : body.details?.map((d) => [d.path, d.code])).toEqual([
      ['code', 'finding_code'],
      ['limit', 'int_between'],
      ['to', 'time_order'],
    ]);
  });

  it('cuts a very long coverage report and says where to go on', async () => {
    const { world } = open();
    const series = await world.series.find({
      source: 'binance',
      symbol: 'BTCUSDT',
      dataType: 'kline',
      frequency: '1m',
    });
    const ranges = Array.from({ length: 20_002 }, (_, i) => ({
      from: i * 60_000,
      to: (i + 1) * 60_000,
      state: 'empty' as const,
      evidence: `e${i}`,
    }));
    const evidence = ranges.map((r) => ({
      id: r.evidence,
      reason: 'no_trade',
      grade: 1,
      at: NOW,
      runId: 'r',
      reads: [],
    }));
    const counts = { present: 0, empty: 20_002, unavailable: 0, provisional: 0, failed: 0, missing: 0 };
    const coverage = async () => ({ series, ranges, expected: 20_002, counts, evidence, findings: {} });
    const door = createSignalHandler(world.deps({ series: { ...world.series, coverage } }));
    const data = dataOf(
      await door.handle({
        action: 'get_coverage',
        source: 'binance',
        symbol: 'BTCUSDT',
        data_type: 'kline',
        frequency: '1m',
      }),
    );

    expect(data['ranges']).toHaveLength(20_000);
    expect(data['evidence']).toHaveLength(20_000);
    expect(data).toMatchObject({ next_from: '1970-01-14T21:20:00Z', expected: 20_002 });
    expect(data['warnings']).toHaveLength(1);
  });
});

describe('failures of services', () => {
  it.each([
    [new StoreError('STORE_FULL', 'disk /secret/path is full'), 503, 'STORE_FULL', 'the store is full'],
    [
      new StoreError('STORE_IO', 'EIO /secret/path'),
      503,
      'STORE_IO',
      'the store is not available; try again later',
    ],
    [new Error('password=hunter2'), 500, 'INTERNAL', 'an internal error; the log has the details'],
    ['a thrown string', 500, 'INTERNAL', 'an internal error; the log has the details'],
    [new KairosError('SOURCE_X', 'token abc'), 500, 'INTERNAL', 'an internal error; the log has the details'],
    [
      new ConflictError('TOO_MANY_TASKS', 'there are 2 tasks', { max: 2 }),
      409,
      'TOO_MANY_TASKS',
      'there are as many tasks as limits.max_tasks allows; delete some, or raise it',
    ],
    [
      new UnsupportedError('this deployment runs no python'),
      400,
      'UNSUPPORTED',
      'not supported: this deployment runs no python',
    ],
    [
      new ConflictError('TASK_FROZEN', 'x'),
      409,
      'TASK_FROZEN',
      'the present state forbids this: task frozen',
    ],
    [
      new ValidationError([{ path: 'config.batchSize', code: 'odd_rule', params: {} }]),
      400,
      'VALIDATION',
      'config.batch_size is not valid (odd rule)',
    ],
    [
      new ValidationError([{ path: 'dataType', code: 'required', params: {} }]),
      400,
      'VALIDATION',
      'data_type must not be empty',
    ],
  ])('answers %s', async (failure, status, code, error) => {
    const { world, door } = open();
    world.failure = failure;
    const reply = await door.handle(CREATE);

    expect(reply).toMatchObject({ status, body: { success: false, code, error } });
    expect(JSON.stringify(reply)).not.toMatch(/secret|hunter2|abc/);
  });

  it('logs what it does not tell', async () => {
    const { world, door } = open();
    world.failure = new Error('the real cause');
    await door.handle(CREATE);

    expect(world.logged).toMatchObject([
      { event: 'signal.failed', fields: { action: 'create_task', error: { message: 'the real cause' } } },
    ]);
  });

  it('answers even when the log, the clock or the sources throw', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const { world } = open();
    const log = { ...world.log, error: boom };
    for (const broken of [{ clock: { now: boom } }, { sources: { ids: boom, describe: boom } }]) {
      expect((await createSignalHandler(world.deps({ ...broken, log })).handle(CREATE)).status).toBe(500);
    }
  });

  it('writes replies of any value a service may give', async () => {
    const { world, door } = open();
    const loop: Record<string, unknown> = { big: 10n, nan: NaN, none: undefined, run: () => 1 };
    loop['self'] = loop;
    world.failure = new ConflictError('TASK_EXISTS', 'x', loop);
    expect(JSON.stringify(await door.handle(CREATE))).toContain('TASK_EXISTS');

    const view = { taskId: 'x', ...loop };
    const queries = {
      ...world,
      view: async () => ({
        task: { ...view, health: {}, config: loop, createdAt: 1e300 },
        start: NaN,
        progress: [],
      }),
    };
    const odd = createSignalHandler(world.deps({ queries: queries as never }));
    expect(
      JSON.parse(JSON.stringify(await odd.handle({ action: 'get_task_status', task_id: 'x' }))),
    ).toMatchObject({ status: 200 });
  });
});
