import { describe, expect, it } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { parseRuntimeConfig } from './parse-runtime-config.ts';

describe('describeConfig', () => {
  it('shows a setting a line, secrets as set or unset', () => {
    const config = parseRuntimeConfig({
      text: 'sources: { sandbox: { seed: 1 }, a: {}, binance: { credentials: { api_key_env: BK } } }\nruntime: { serverless: { provider: x } }',
      file: 'k.yaml',
      env: { BK: 'hidden-value', KAIROS_HTTP__TOKEN: 'hidden-token-value' },
    });

    expect(describeConfig(config).split('\n')).toEqual([
      'runtime.mode: "standalone"',
      'task_store.type: "sqlite"',
      'task_store.path: "data/kairos.sqlite"',
      'concurrency: 4',
      'locale: "en"',
      'log.level: "info"',
      'log.format: "auto"',
      'tick_ms: 1000',
      'shutdown_grace_ms: 2000',
      'retention.runs_days: 90',
      'retention.runs_min: 100',
      'retention.runs_max: 10000',
      'retention.findings_days: 365',
      'retention.findings_max: 10000',
      'retention.history_max_mb: 512',
      'retention.finished_tasks_days: 0',
      'limits.max_tasks: 10000',
      'functions.dir: "functions"',
      'functions.env: []',
      'functions.nodejs.max_workers: 2',
      'functions.python.interpreter: "python3"',
      'functions.python.max_workers: 2',
      'functions.python.venv_dir: "data/python"',
      'scheduled_tasks: "config/scheduled-tasks.json"',
      'http.host: "127.0.0.1"',
      'http.port: 8640',
      'http.token: set',
      'sources.sandbox.timeout_ms: 10000',
      'sources.sandbox.budget_share: 0.8',
      'sources.sandbox.driver: "sandbox"',
      'sources.sandbox.exchange: "binance"',
      'sources.sandbox.world.kind: "synthetic"',
      'sources.sandbox.world.seed: "1"',
      'sources.sandbox.latency_ms: 0',
      'sources.a.timeout_ms: 10000',
      'sources.a.budget_share: 0.8',
      'sources.a.driver: "ccxt"',
      'sources.a.exchange: "a"',
      'sources.a.send_credentials: false',
      'sources.a.credentials: unset',
      'sources.binance.timeout_ms: 10000',
      'sources.binance.budget_share: 0.8',
      'sources.binance.driver: "ccxt"',
      'sources.binance.exchange: "binance"',
      'sources.binance.send_credentials: false',
      'sources.binance.credentials.api_key: set (BK)',
      'note: k.yaml: runtime.serverless.provider means nothing in standalone mode and is ignored',
    ]);
  });

  it('says that a token is unset', () => {
    expect(describeConfig(parseRuntimeConfig({ text: '', file: 'k.yaml', env: {} }))).toContain(
      'http.token: unset',
    );
  });
});
