// The standalone server as it is built, driven by signals over HTTP.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { folderBytes } from './freqtrade.mjs';
import { pause, run } from './processes.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
const POLL_MS = 20;
const TASK = 'side-by-side';
const OVER = ['completed', 'failed', 'stopped'];
const REALM = 'sandbox:7';

const configOf = ({ store, venue, paced }) =>
  JSON.stringify({
    task_store: { type: 'sqlite', path: store },
    http: { port: 0 },
    sources: { binance: { base_url: venue.url, realm: venue.realm, ...(paced ? {} : { budget_share: 1 }) } },
  });

/** One home of a server's data. `start` may be called again: the same server over the same file, with the same task. */
export function kairos({ main, dir, span }) {
  mkdirSync(join(dir, 'data'), { recursive: true });
  const kept = join(dir, 'data/kairos.sqlite');
  const config = join(dir, 'kairos.yaml');
  const order = {
    action: 'create_task',
    task_id: TASK,
    project_id: 'bench',
    dataset: 'bench',
    data_type: 'kline',
    source: 'binance',
    symbols: span.symbols,
    frequency: '1m',
    start_time: new Date(span.from).toISOString(),
    end_time: new Date(span.to).toISOString(),
  };

  async function launch(settings) {
    writeFileSync(config, configOf({ store: kept, ...settings }));
    const program = run(process.execPath, [main, '--config', config], { cwd: ROOT });
    for (;;) {
      const line = program.output
        .split('\n')
        .find((l) => l.includes('"server.listening"') && l.endsWith('}'));
      if (line) return { program, url: JSON.parse(line).url };
      if (program.child.exitCode !== null) throw new Error(program.output);
      await pause(5);
    }
  }

  const post = (url, body) =>
    fetch(`${url}/task`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then((answer) => answer.json());

  /** Until the task is over, as its own words put it. */
  async function untilOver(url) {
    for (;;) {
      const task = await (await fetch(`${url}/v1/tasks/${TASK}`)).json();
      if (OVER.includes(task.status)) return task;
      await pause(POLL_MS);
    }
  }

  const pathOf = (symbol) => `binance/${encodeURIComponent(symbol)}/kline/1m`;
  const coverageAt = (url, symbol) => `${url}/v1/coverage/${pathOf(symbol)}?from=${span.from}&to=${span.to}`;

  /** What is kept, read by a server over a copy, which can reach no venue: so that looking changes nothing. */
  async function rows() {
    const copy = join(dir, 'copy');
    cpSync(join(dir, 'data'), copy, { recursive: true });
    const venue = { url: 'http://127.0.0.1:9', realm: REALM };
    const { program, url } = await launch({ venue, paced: true, store: join(copy, 'kairos.sqlite') });
    const series = new Map();
    for (const symbol of span.symbols) {
      const answer = await fetch(`${url}/v1/series/${pathOf(symbol)}?format=csv`);
      series.set(symbol, answer.ok ? rowsOf(await answer.text()) : []);
    }
    program.child.kill('SIGKILL');
    await program.ended;
    rmSync(copy, { recursive: true });
    return series;
  }

  return {
    name: 'kairos',
    start(settings) {
      let killed = false;
      const launched = launch(settings);
      async function work() {
        const { program, url } = await launched;
        const before = await fetch(`${url}/v1/tasks/${TASK}`);
        if (before.status === 404) await post(url, order);
        else if (OVER.includes((await before.json()).status))
          await post(url, { action: 'run_task', task_id: TASK });
        const task = await untilOver(url);
        program.sample();
        const used = { seconds: program.seconds(), peakMb: program.peakMb, cpu: program.cpu };
        const states = [];
        for (const symbol of span.symbols) states.push(await (await fetch(coverageAt(url, symbol))).json());
        program.child.kill('SIGTERM');
        await program.ended;
        return { ...used, says: said(task, states) };
      }
      const done = work().catch((error) => {
        if (killed) return undefined;
        throw error;
      });
      return {
        done,
        async kill() {
          killed = true;
          const { program } = await launched;
          program.child.kill('SIGKILL');
          await program.ended;
        },
      };
    },
    rows,
    bytes: () => folderBytes(join(dir, 'data')),
  };
}

/** How the task ended, and the slots of the span by the state the server gives them. */
function said(task, states) {
  const sum = (name) => states.reduce((total, each) => total + (each[name] ?? 0), 0);
  const names = ['present', 'empty', 'unavailable', 'provisional', 'failed', 'missing'];
  return {
    task: task.status,
    run: task.last_run?.outcome ?? null,
    slots: Object.fromEntries(names.map((name) => [name, sum(name)])),
    findings: states.reduce((total, each) => total + (each.findings?.total ?? 0), 0),
  };
}

const rowsOf = (csv) =>
  csv
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => line.split(',').slice(0, 6).map(Number));
