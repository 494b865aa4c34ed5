import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIGNAL_ACTIONS } from './schemas.ts';
import { createSignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';
import type { SignalReply } from './reply.ts';

const SERIES = { source: 'binance', symbol: 'BTCUSDT', data_type: 'kline', frequency: '1h' };
const TASK = {
  project_id: 'p',
  dataset: 'd',
  data_type: 'kline',
  source: 'binance',
  symbols: ['BTCUSDT', 'ETHUSDT'],
  frequency: '5m',
};
const SPAN = { start_time: '2024-01-01T00:00:00Z', end_time: 1_735_689_600_000, schedule: 'rate(5 minutes)' };

/** One signal of each action that uses every field it has. */
const VALID: readonly Record<string, unknown>[] = [
  {
    action: 'create_task',
    task_id: 't1',
    request_id: 'r',
    ...TASK,
    ...SPAN,
    retries: 3,
    config: { batch_size: 100, history_days: 30, missed: 'all', price: 'last', confirm_large: false },
  },
  {
    action: 'update_task',
    task_id: 't1',
    frequency: '1h',
    end_time: null,
    expected_rev: 1,
    config: { symbols: ['A'], retries: 0 },
  },
  { action: 'delete_task', task_id: 't1', request_id: 'r' },
  {
    action: 'list_tasks',
    project_id: 'p',
    status: 'running',
    dataset: 'd',
    data_type: 'kline',
    source: 'binance',
    limit: 10,
    cursor: 'c',
  },
  { action: 'search_tasks', query: '基金', limit: 1 },
  { action: 'get_task_status', task_id: 't1' },
  { action: 'start_task', task_id: 't1' },
  { action: 'stop_task', task_id: 't1' },
  { action: 'run_task', task_id: 't1', request_id: 'r' },
  { action: 'list_runs', task_id: 't1', limit: 5 },
  { action: 'get_coverage', ...SERIES, realm: 'live', from: '2024-01-01', to: '2024-02-01' },
  { action: 'list_findings', ...SERIES, code: 'off_grid', from: '2024-01-01', to: '2024-02-01', limit: 5 },
  {
    action: 'query_data',
    ...SERIES,
    from: '2024-01-01',
    to: '2024-02-01',
    limit: 10,
    include_provisional: true,
  },
  { action: 'refetch', ...SERIES, from: '2024-01-01', to: '2024-02-01', reason: 'audit' },
];

const STATUSES = new Set([200, 400, 404, 409, 413]);
const COMMANDS = new Set(['create', 'update', 'remove', 'start', 'stop', 'run', 'refetch']);

/** What must hold of every answer, whatever was sent. Plain checks: this runs a hundred thousand times. */
function checkReply(reply: SignalReply, world: FakeWorld): void {
  const { status, body } = reply;
  if (!STATUSES.has(status)) throw new Error(`status ${status}: ${JSON.stringify(world.logged)}`);
  const back = JSON.parse(JSON.stringify(body)) as Record<string, unknown>;
  if (back['success'] !== (status === 200)) throw new Error('status and envelope disagree');
  if (body.success) {
    if (typeof back['data'] !== 'object' || back['data'] === null) throw new Error('no data');
    return;
  }
  const { message, error, code, details = [] } = body;
  if (![message, error, code].every((t) => typeof t === 'string' && t !== ''))
    throw new Error('a text is missing');
  if (details.length > 50) throw new Error('too many details');
  if ((status === 400 || status === 413) && world.calls.some((c) => COMMANDS.has(c.method)))
    throw new Error('an invalid signal reached a command');
}

async function judge(
  send: (door: ReturnType<typeof createSignalHandler>) => Promise<SignalReply>,
): Promise<SignalReply> {
  const world = new FakeWorld();
  const reply = await send(createSignalHandler(world.deps()));
  checkReply(reply, world);
  return reply;
}

const odd = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    '',
    ' ',
    '\u0000',
    '\u202e',
    '__proto__',
    'NaN',
    -1,
    0,
    1e308,
    0.5,
    1e11,
    [],
    {},
    [[]],
    [null],
    { a: 1 },
    ['x', 'x'],
  ],
  ...[
    'x'.repeat(65),
    'kline',
    'binance',
    '5m',
    '9999M',
    '1900-01-01',
    '9999-12-31',
    'rate(1 hour)',
    'cron(* * * * ? *)',
    '比特币',
    '🚀',
    '\ud800',
  ],
);
const anyValue = fc.oneof(
  { weight: 3, arbitrary: odd },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
const fieldNames = [
  ...new Set(
    VALID.flatMap((s) => [...Object.keys(s), ...Object.keys((s['config'] as object | undefined) ?? {})]),
  ),
];
const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...fieldNames) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);
const mutation = fc.record({ key, value: anyValue, how: fc.constantFrom('set', 'drop', 'config') });

function mutated(
  base: Record<string, unknown>,
  changes: readonly { readonly key: string; readonly value: unknown; readonly how: string }[],
): object {
  const entries = new Map(Object.entries(base));
  for (const { key: name, value, how } of changes) {
    if (how === 'drop') entries.delete(name);
    else if (how === 'set') entries.set(name, value);
    else entries.set('config', { ...((entries.get('config') as object | undefined) ?? {}), [name]: value });
  }
  return Object.fromEntries(entries);
}

describe('any input', () => {
  it('of valid signals is accepted', async () => {
    expect(VALID.map((s) => s['action'])).toEqual(SIGNAL_ACTIONS);
    for (const signal of VALID) {
      const reply = await judge((door) => door.handle(signal));
      expect([200, 404]).toContain(reply.status);
    }
  });

  it('of mutated signals gets an envelope', async () => {
    const statuses = new Map<number, number>();
    const property = fc.asyncProperty(
      fc.constantFrom(...VALID),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      async (base, changes) => {
        const reply = await judge((door) => door.handle(mutated(base, changes)));
        statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      },
    );
    await fc.assert(property, { numRuns: 45_000, seed: 1 });
    // A run in which nothing passed, or nothing was refused, would have tried nothing.
    for (const status of [200, 400, 404]) expect(statuses.get(status) ?? 0).toBeGreaterThan(1_000);
  });

  it('of JSON values gets an envelope', async () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 4 }),
      fc.dictionary(key, anyValue, { maxKeys: 6 }),
      fc.anything({
        maxDepth: 3,
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withTypedArray: true,
      }),
    );
    await fc.assert(
      fc.asyncProperty(value, async (input) => void (await judge((door) => door.handle(input)))),
      { numRuns: 30_000, seed: 2 },
    );
  });

  it('of text and bytes gets an envelope', async () => {
    const cut = fc
      .tuple(fc.constantFrom(...VALID), fc.nat(), fc.nat({ max: 4 }), fc.string({ maxLength: 4 }))
      .map(([signal, at, drop, extra]) => {
        const text = JSON.stringify(signal);
        const place = at % text.length;
        return text.slice(0, place) + extra + text.slice(place + drop);
      });
    const text = fc.oneof(
      { weight: 3, arbitrary: cut },
      { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    );
    await fc.assert(
      fc.asyncProperty(text, async (input) => void (await judge((door) => door.handleText(input)))),
      { numRuns: 30_000, seed: 3 },
    );
  });
});
