import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tamper, wholeStore } from './planted.ts';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const dir = mkdtempSync(join(tmpdir(), 'kairos-cli-'));
const collected = join(dir, 'collected.sqlite');
const config = join(dir, 'kairos.yaml');

/** The tests' own settings are none of the program's. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIROS_')));

function node(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
  return { code: status, out: stdout, err: stderr };
}

const kairos = (...args: readonly string[]): ReturnType<typeof node> =>
  node('apps/cli/bin/kairos.mjs', ...args);

/** Runs a server that collects two tasks, one with an end, and stops it with a signal once both have run. */
async function collect(): Promise<string> {
  // The repository's own tasks are none of this test's.
  const declared = join(dir, 'scheduled-tasks.json');
  writeFileSync(declared, '{ "tasks": [] }');
  const child = spawn(process.execPath, ['dist/apps/standalone/main.js', '--config', config], {
    cwd: ROOT,
    env: { ...env, KAIROS_SCHEDULED_TASKS: declared },
  });
  const lines: string[] = [];
  let url = '';
  await new Promise<void>((ready, failed) => {
    child.stdout.on('data', (text: Buffer) => {
      lines.push(...text.toString().split('\n'));
      const line = lines.find((l) => l.includes('"server.listening"'));
      if (line === undefined || url !== '') return;
      url = (JSON.parse(line) as { url: string }).url;
      ready();
    });
    child.once('exit', () => failed(new Error(lines.join('\n'))));
  });
  const task = {
    action: 'create_task',
    project_id: 'p',
    dataset: 'd',
    data_type: 'kline',
    source: 'sandbox',
    symbols: ['BTCUSDT', 'ETHUSDT'],
    frequency: '1h',
    start_time: '2024-01-01T00:00:00Z',
  };
  const tasks = [
    { ...task, task_id: 'past', end_time: '2024-03-01T00:00:00Z' },
    { ...task, task_id: 'live', frequency: '1m', start_time: undefined, config: { history_days: 1 } },
  ];
  for (const body of tasks)
    await fetch(`${url}/task`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const hasRun = async (id: string): Promise<boolean> => {
    const answer = (await (await fetch(`${url}/v1/tasks/${id}`)).json()) as { last_run: unknown };
    return answer.last_run !== null;
  };
  while (!((await hasRun('past')) && (await hasRun('live'))))
    await new Promise((next) => setTimeout(next, 50));
  const beside = kairos('doctor', '--fsck', '--config', config);
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(lines.filter((line) => line.includes('fsck.'))).toEqual([]);
  return `${beside.code} ${beside.out}`;
}

let besideServer: string;

beforeAll(async () => {
  for (const app of ['cli', 'standalone']) expect(node(`apps/${app}/build.mjs`)).toMatchObject({ code: 0 });
  writeFileSync(
    config,
    `task_store: { type: sqlite, path: ${collected} }\nhttp: { port: 0 }\ntick_ms: 50\nlocale: zh\nsources: { sandbox: { driver: sandbox, seed: 42 } }\n`,
  );
  besideServer = await collect();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('kairos doctor --fsck', () => {
  it('finds nothing in what a server has collected, while it runs and after', () => {
    expect(besideServer).toMatch(/^0 [^]*未发现违例/);
    const { code, out, err } = kairos('doctor', '--fsck', '--config', config, '--lang', 'en');

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^store {2}.*collected\.sqlite\nchecked 4 series, \d+ chunks, \d,\d+ rows, 2 tasks, \d+ runs in /,
    );
    expect(out).toMatch(/\nno violation found\n$/);
  });

  it('tells of violations in text and JSON, with exit code 1', async () => {
    const path = join(dir, 'planted.sqlite');
    await wholeStore(path);
    tamper(path, 'UPDATE chunk SET n = 7', "UPDATE task SET task_id = 'a' || char(27) || 'b'");
    const text = kairos('doctor', '--fsck', '--store', path);
    const json = kairos('doctor', '--fsck', '--store', path, '--json', '--lang', 'zh');

    expect(text.code).toBe(1);
    expect(text.out).toMatch(
      /error {2}chunk_count_differs {2}series .* block \d+\n {2}a chunk .* \(7 stated, 100 held\)\n {2}to mend: /,
    );
    expect(text.out).toContain('a\\u001bb');
    expect(json.code).toBe(1);
    const report = JSON.parse(json.out) as { errors: number; violations: Record<string, unknown>[] };
    expect(report.violations.find((v) => v['code'] === 'chunk_count_differs')).toMatchObject({
      severity: 'error',
      where: { block: expect.any(Number) as number },
      what: expect.stringMatching(/数据块/) as string,
    });
    expect(report.errors).toBe(report.violations.filter((v) => v['severity'] === 'error').length);
  });

  it('has exit code 0 where there are warnings only', async () => {
    const path = join(dir, 'warned.sqlite');
    await wholeStore(path);
    tamper(
      path,
      `UPDATE task SET status = 'stopped', doc = json_set(doc, '$.status', 'stopped', '$.lastRun', json('null'))`,
    );

    expect(kairos('doctor', '--fsck', '--store', path)).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /0 violations, 1 warning\n\nwarning {2}due_without_work {2}task task-1/,
      ) as string,
    });
  });

  it.each([
    ['an unknown option', ['doctor', '--fsk'], /--fsk/],
    ['an unknown language', ['doctor', '--fsck', '--lang', 'fr'], /--lang fr/],
    ['an unknown command', ['docter'], /docter/],
    ['a configuration that is not there', ['doctor', '--fsck', '--config', 'nowhere.yaml'], /nowhere\.yaml/],
  ])('refuses %s with exit code 2', (_what, args, says) => {
    const { code, err } = kairos(...args);

    expect(code).toBe(2);
    expect(err).toMatch(says);
  });

  it('has exit code 3 where there is no store to open, and makes none', () => {
    const missing = join(dir, 'missing.sqlite');
    const other = join(dir, 'other.sqlite');
    writeFileSync(other, 'no database '.repeat(100));

    expect(kairos('doctor', '--fsck', '--store', missing)).toMatchObject({ code: 3 });
    expect(existsSync(missing)).toBe(false);
    expect(kairos('doctor', '--fsck', '--store', other)).toMatchObject({
      code: 3,
      err: expect.stringMatching(/STORE_CORRUPT/) as string,
    });
  });

  it('changes nothing in the store', async () => {
    const path = join(dir, 'untouched.sqlite');
    await wholeStore(path);
    chmodSync(path, 0o400);
    const before = statSync(path).mtimeMs;
    kairos('doctor', '--fsck', '--store', path);

    expect(statSync(path).mtimeMs).toBe(before);
  });

  it('tells how it is used', () => {
    expect(kairos('--help')).toMatchObject({ code: 0, out: expect.stringMatching(/doctor/) as string });
    expect(kairos('doctor', '--help', '--lang', 'zh').out).toMatch(/退出码/);
  });
});
