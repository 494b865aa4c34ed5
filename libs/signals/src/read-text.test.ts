import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorAt } from './locate-json-error.ts';
import { MAX_SIGNAL_BYTES, nestingOf } from './read-text.ts';
import type { FailureBody } from './reply.ts';
import { createSignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';

const LIST = '{"action":"list_tasks"}';

async function answer(text: string | Uint8Array): Promise<{ status: number; body: FailureBody }> {
  const world = new FakeWorld();
  const reply = await createSignalHandler(world.deps()).handleText(text);
  expect(world.calls).toHaveLength(reply.status === 200 ? 1 : 0);
  return reply as { status: number; body: FailureBody };
}

/** A list_tasks signal of exactly so many bytes. */
const padded = (bytes: number, char = ' '): string =>
  LIST + char.repeat((bytes - LIST.length) / new TextEncoder().encode(char).length);

describe('handleText', () => {
  it('takes text and bytes, with or without a byte-order mark', async () => {
    expect((await answer(LIST)).status).toBe(200);
    expect((await answer(`\ufeff${LIST}`)).status).toBe(200);
    expect((await answer(new TextEncoder().encode(`\ufeff${LIST}`))).status).toBe(200);
  });

  it.each([
    ['{"action":"list_tasks",}', 'not valid JSON at line 1, column 24'],
    ['{"action":\n "list_tasks" x}', 'not valid JSON at line 2, column 15'],
    ["{'action':1}", 'not valid JSON at line 1, column 2'],
    ['hello', 'not valid JSON at line 1, column 1'],
    ['{"a":NaN}', 'not valid JSON at line 1, column 6'],
    ['{"a":"\n"}', 'not valid JSON at line 1, column 7'],
    ['{"a":1}}', 'not valid JSON at line 1, column 8'],
    ['{"a":[1,2', 'not valid JSON: it ends unexpectedly at line 1, column 10'],
    ['', 'not valid JSON: it ends unexpectedly at line 1, column 1'],
    ['[]', 'a signal must be a JSON object'],
    ['"create_task"', 'a signal must be a JSON object'],
    ['null', 'a signal must be a JSON object'],
    ['{"action":"list_tasks","limit":1e999}', 'limit is not a JSON value'],
  ])('refuses %j by its place', async (text, error) => {
    expect(await answer(text)).toMatchObject({ status: 400, body: { code: 'VALIDATION', error } });
  });

  it('refuses bytes that are not UTF-8', async () => {
    expect((await answer(new Uint8Array([0x7b, 0xff, 0x7d]))).body.error).toBe(
      'the signal is not valid UTF-8 text',
    );
  });

  it('refuses what is larger than the limit in bytes, and takes what is exactly as large', async () => {
    expect((await answer(padded(MAX_SIGNAL_BYTES))).status).toBe(200);
    expect(await answer(padded(MAX_SIGNAL_BYTES + 1))).toMatchObject({
      status: 413,
      body: { code: 'TOO_LARGE' },
    });
    const chinese = `{"action":"list_tasks","project_id":"${'量'.repeat(400_000)}"}`;
    expect((await answer(chinese)).status).toBe(413);
    expect((await answer(new TextEncoder().encode(padded(12_000_000)))).status).toBe(413);
  });

  it('takes depth 32 and refuses depth 33 and 100,000 without recursion', async () => {
    const deep = (n: number): string =>
      `{"action":"list_tasks","x":${'['.repeat(n - 1)}${']'.repeat(n - 1)}}`;

    expect((await answer(deep(32))).body.details).toMatchObject([{ path: 'x', code: 'unknown_key' }]);
    expect((await answer(deep(33))).body.details).toMatchObject([{ path: '', code: 'too_deep' }]);
    expect((await answer('['.repeat(100_000))).body.details).toMatchObject([{ code: 'too_deep' }]);
    expect((await answer('{"a":'.repeat(100_000))).body.details).toMatchObject([{ code: 'too_deep' }]);
    expect((await answer(`{"action":"list_tasks","query":"${'['.repeat(50)}"}`)).body.details).toMatchObject([
      { code: 'unknown_key' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s at any depth', async (key) => {
    const top = await answer(`{"action":"list_tasks","${key}":{"limit":1}}`);
    expect(top.body.details).toMatchObject([{ path: key, code: 'forbidden_key' }]);
    expect(top.body.error).toContain(key);
    const inner = await answer(`{"action":"create_task","config":{"a":[{"${key}":1}]}}`);
    expect(inner.body.details).toMatchObject([{ path: `config.a.0.${key}`, code: 'forbidden_key' }]);
  });

  it('takes the last of two equal keys', async () => {
    expect((await answer('{"action":"delete_task","action":"list_tasks"}')).status).toBe(200);
  });

  it('reports at most fifty of very many unknown keys, and counts the rest', async () => {
    const keys = Array.from({ length: 90_000 }, (_, i) => `"k${i}":0`).join(',');
    const text = `{"action":"list_tasks",${keys}}`;
    expect(text.length).toBeGreaterThan(0.9 * MAX_SIGNAL_BYTES);
    const { status, body } = await answer(text);

    expect(status).toBe(400);
    expect(body.details).toHaveLength(50);
    expect(body.error).toMatch(/; and 89950 more$/);
  });

  it('looks at no entry of a list that is far too long', async () => {
    const text = `{"action":"create_task","symbols":[${'0,'.repeat(400_000)}0]}`;
    expect((await answer(text)).body.details?.find((d) => d.path.startsWith('symbols'))).toMatchObject({
      path: 'symbols',
      code: 'too_many',
    });
  });

  it('never repeats more than eighty characters of the input', async () => {
    const long = 'q'.repeat(5_000);
    for (const input of [
      { action: long },
      { action: 'list_tasks', [long]: 1 },
      { action: 'create_task', config: { [long]: 1 } },
      { action: 'list_tasks', status: long },
      { action: 'list_tasks', a: { [long]: { constructor: 1 } } },
    ]) {
      expect(JSON.stringify(await answer(JSON.stringify(input)))).not.toMatch(/q{81}/);
    }
  });

  it('escapes control and direction characters it repeats', async () => {
    const { body } = await answer(JSON.stringify({ action: 'list_tasks', 'a\u001b[31m\u202e\n': 1 }));
    expect(body.error).toBe('a\\u001b[31m\\u202e\\u000a is not a known field');
  });
});

describe('handle', () => {
  const handle = async (input: unknown) => createSignalHandler(new FakeWorld().deps()).handle(input);

  it('refuses values that are no plain JSON', async () => {
    const thrower = Object.defineProperty({}, 'action', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    for (const input of [
      undefined,
      null,
      1,
      'x',
      [],
      new Date(),
      () => 1,
      Symbol('x'),
      10n,
      thrower,
      new Map(),
    ]) {
      expect((await handle(input)).body).toMatchObject({
        success: false,
        error: 'a signal must be a JSON object',
      });
    }
    expect((await handle({ action: 'list_tasks', limit: 10n })).status).toBe(400);
    expect((await handle({ action: 'list_tasks', limit: undefined })).status).toBe(200);
  });

  it('refuses cycles, shared bombs and a million keys', async () => {
    const loop: Record<string, unknown> = { action: 'list_tasks' };
    loop['self'] = loop;
    expect((await handle(loop)).status).toBe(400);

    let bomb: unknown[] = [];
    for (let i = 0; i < 28; i += 1) bomb = [bomb, bomb, bomb];
    expect((await handle({ action: 'list_tasks', bomb })).status).toBe(413);

    const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, 0]));
    expect((await handle(many)).status).toBe(413);
  });
});

describe('jsonErrorAt', () => {
  it('finds an error exactly where the engine refuses the text', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'{}[]",:01.-+eEtrufalsn\\ \n'), maxLength: 12 });
    const edited = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), soup)
      .map(
        ([text, at, extra]) =>
          text.slice(0, at % (text.length + 1)) + extra + text.slice(at % (text.length + 1)),
      );
    fc.assert(
      fc.property(fc.oneof(soup, edited), (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const at = jsonErrorAt(text);
        expect(at === -1).toBe(valid);
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 20_000, seed: 11 },
    );
  });

  it('counts nesting outside strings only', () => {
    expect(nestingOf('{"a":"[[[\\"[[","b":[{}]}')).toBe(3);
  });
});
