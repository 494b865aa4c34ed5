// Walks the newcomer's path as the README tells it: serve, look, create, wait, export, compare with the venue, stop.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_MS = 180_000;
const giveUpAt = Date.now() + LIMIT_MS;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const freePort = () =>
  new Promise((done, failed) => {
    const probe = createServer().once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

async function until(what, ask) {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) return answer;
    if (Date.now() > giveUpAt) throw new Error(`gave up waiting for ${what}`);
    await pause(250);
  }
}

function assert(holds, what) {
  if (!holds) throw new Error(`not so: ${what}`);
  console.log(`  ok  ${what}`);
}

const place = mkdtempSync(join(tmpdir(), 'kairos-newcomer-'));
const port = await freePort();
const base = `http://127.0.0.1:${port}`;
const json = async (path) => (await fetch(base + path)).json();
const lines = [];
const env = {
  // A newcomer has set nothing.
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAIROS_'))),
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  KAIROS_HTTP__PORT: String(port),
  KAIROS_TASK_STORE__PATH: join(place, 'kairos.sqlite'),
};
const serve = spawn('npx', ['nx', 'serve', 'standalone'], {
  env,
  stdio: ['ignore', 'pipe', 'pipe'],
});
for (const stream of [serve.stdout, serve.stderr])
  stream.on('data', (text) => lines.push(...text.toString().split('\n')));

let pid;
try {
  console.log('npx nx serve standalone');
  const health = await until('the server', () => json('/health'));
  pid = health.pid;
  assert(health.status === 'ok' && Number.isInteger(pid), '/health is ok and names the pid');

  const hours = await until('the starter task', async () => {
    const task = await json('/v1/tasks/starter-1h');
    return task.progress?.every((p) => p.expected > 0 && p.present === p.expected) ? task : undefined;
  });
  assert(hours.progress.length === 3, 'the starter task has every hour of three symbols');

  await until('a declared task of Node.js', async () => {
    const task = await json('/v1/tasks/nodejs-task-1');
    return task.last_run?.outcome === 'succeeded' ? task : undefined;
  });
  assert(true, 'a task of config/scheduled-tasks.json has run');
  const listed = spawnSync('node', ['tools/task-manager.js', 'list'], { encoding: 'utf8', env });
  assert(
    listed.status === 0 && listed.stdout.includes('Total: 5 tasks (4 enabled)'),
    'task-manager lists the five tasks',
  );

  const to = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const from = to - 72 * 3_600_000;
  const signal = {
    action: 'create_task',
    task_id: 'newcomer',
    project_id: 'demo',
    dataset: 'crypto_market',
    data_type: 'kline',
    source: 'sandbox',
    symbols: ['XRPUSDT'],
    frequency: '1h',
    start_time: new Date(from).toISOString(),
    end_time: new Date(to).toISOString(),
  };
  const created = await fetch(`${base}/task`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signal),
  });
  assert(
    created.status === 200 && (await created.json()).data.status === 'running',
    'create_task answers running',
  );
  const done = await until('the task to complete', async () => {
    const task = await json('/v1/tasks/newcomer');
    return task.status === 'completed' ? task : undefined;
  });
  assert(done.progress[0].present === 72, 'the task completes with 72 hours present');

  const csv = await (await fetch(`${base}/v1/series/sandbox/XRPUSDT/kline/1h?format=csv`)).text();
  const ready = lines.map((l) => /base_url"?[=:]"?(http:\/\/[\d.:]+)/.exec(l)?.[1]).find(Boolean);
  const venue = await (
    await fetch(
      `${ready}/api/v3/klines?symbol=XRPUSDT&interval=1h&startTime=${from}&endTime=${to - 1}&limit=1000`,
    )
  ).json();
  const plain = (text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  const wanted = venue.map((k) => [k[0], ...k.slice(1, 6).map(plain)].join(','));
  const got = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(0, 6).join(','));
  assert(csv.startsWith('timestamp_ms,open,high,low,close,volume'), 'the CSV has its documented header');
  assert(
    wanted.length === 72 && JSON.stringify(got) === JSON.stringify(wanted),
    'the CSV equals what the venue says, decimal for decimal',
  );

  const coverage = await json('/v1/coverage/sandbox/XRPUSDT/kline/1h');
  assert(coverage.present === 72 && coverage.missing === 0, 'coverage agrees');
} catch (error) {
  console.error(lines.join('\n'));
  throw error;
} finally {
  if (pid) process.kill(pid, 'SIGTERM');
  await Promise.race([
    new Promise((done) => serve.once('exit', done)),
    pause(15_000).then(() => serve.kill('SIGKILL')),
  ]);
  rmSync(place, { recursive: true, force: true });
}
const left = await fetch(`${base}/health`).then(
  () => true,
  () => false,
);
assert(!left, 'SIGTERM stops the server');
