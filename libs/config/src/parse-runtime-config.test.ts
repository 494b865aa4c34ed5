import { ConfigError } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRuntimeConfig, type RuntimeConfigSource } from './parse-runtime-config.ts';
import { secretValues, type RuntimeConfig } from './runtime-config.ts';

const TOKEN = '0123456789abcdef';

const parse = (text: string, more: Partial<RuntimeConfigSource> = {}): RuntimeConfig =>
  parseRuntimeConfig({ text, file: 'k.yaml', env: {}, ...more });

/** The lines of the error's message below its heading. */
function mistakes(text: string, more: Partial<RuntimeConfigSource> = {}): string[] {
  try {
    parse(text, more);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('CONFIG');
    expect(error.details['file']).toBe('k.yaml');
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  return [];
}

describe('parseRuntimeConfig', () => {
  it('has a default for everything', () => {
    for (const text of ['', '# nothing but a comment\n', '{}', '---\n']) {
      expect(parse(text)).toEqual({
        runtime: { mode: 'standalone' },
        taskStore: { type: 'sqlite', path: 'data/kairos.sqlite' },
        http: { host: '127.0.0.1', port: 8640 },
        concurrency: 4,
        locale: 'en',
        log: { level: 'info', format: 'auto' },
        tickMs: 1000,
        shutdownGraceMs: 2000,
        retention: {
          runsDays: 90,
          runsMin: 100,
          runsMax: 10_000,
          findingsDays: 365,
          findingsMax: 10_000,
          historyMaxMb: 512,
          finishedTasksDays: 0,
        },
        limits: { maxTasks: 10_000 },
        sources: {},
        calendars: {},
        functions: {
          dir: 'functions',
          env: [],
          nodejs: { maxWorkers: 2 },
          python: { interpreter: 'python3', maxWorkers: 2, venvDir: 'data/python' },
        },
        scheduledTasks: { path: 'config/scheduled-tasks.json', given: false },
        notices: [],
      });
    }
  });

  it('reads sources of both drivers', () => {
    const config = parse(`
sources:
  sandbox: { seed: 42 }
  replay: { driver: sandbox, exchange: okx, recording: recordings/2024, clock: "2024-01-01T00:00:00Z", latency_ms: 5 }
  binance: {}
  mirror: { exchange: binance, base_url: "https://mirror.example", realm: mirror, timeout_ms: 500, budget_share: 0.5 }
`);

    const common = { timeoutMs: 10_000, budgetShare: 0.8 };
    expect(config.sources).toEqual({
      sandbox: {
        ...common,
        driver: 'sandbox',
        exchange: 'binance',
        world: { kind: 'synthetic', seed: '42' },
        latencyMs: 0,
      },
      replay: {
        ...common,
        driver: 'sandbox',
        exchange: 'okx',
        world: { kind: 'recording', dir: 'recordings/2024' },
        clock: Date.UTC(2024, 0, 1),
        latencyMs: 5,
      },
      binance: { ...common, driver: 'ccxt', exchange: 'binance', sendCredentials: false },
      mirror: {
        driver: 'ccxt',
        exchange: 'binance',
        baseUrl: 'https://mirror.example',
        realm: 'mirror',
        timeoutMs: 500,
        budgetShare: 0.5,
        sendCredentials: false,
      },
    });
  });

  it('ranks environment over file over given defaults', () => {
    const config = parse('http: { port: 2 }\nconcurrency: 2', {
      defaults: { concurrency: 1, tick_ms: 10, http: { port: 1, host: 'localhost' } },
      env: { KAIROS_HTTP__PORT: '3' },
    });

    expect(config).toMatchObject({ concurrency: 2, tickMs: 10, http: { port: 3, host: 'localhost' } });
  });

  describe('mistakes', () => {
    it('names file, line, key and remedy of all of them at once', () => {
      const text = `
runtime: { mode: serverless }
task_store:
  type: bleve
http:
  prot: 80
  port: "80"
port: 1
concurrency: 0
log:
  level: loud
tick_ms: 1.5
shutdown_grace_ms: 10001
sources:
  Binance: {}
  sandbox:
    base_url: http://example.org
colour: red
`;

      expect(mistakes(text)).toEqual([
        'k.yaml:2: runtime.mode must be standalone, not "serverless"; function runtimes have their own builds, this one runs standalone only',
        'k.yaml:4: task_store.type must be sqlite or memory, not "bleve"; dynamodb and the embedded store (bleve) belong to function runtimes, sqlite is the one for this',
        'k.yaml:6: http.prot is no setting; did you mean http.port?',
        'k.yaml:7: http.port must be a whole number from 0 to 65535, not "80"',
        'k.yaml:8: port is no setting; did you mean http.port?',
        'k.yaml:9: concurrency must be a whole number from 1 to 64, not 0',
        'k.yaml:11: log.level must be debug or info or warn or error or silent, not "loud"',
        'k.yaml:12: tick_ms must be a whole number from 10 to 60000, not 1.5',
        'k.yaml:13: shutdown_grace_ms must be a whole number from 0 to 8000, not 10001',
        'k.yaml:15: sources.Binance must be 1 to 64 lower-case letters, digits, dots, dashes or underscores',
        'k.yaml:17: sources.sandbox.base_url must use https:// unless it is on this machine',
        'k.yaml:17: sources.sandbox.base_url belongs to driver ccxt; remove it, or set driver: ccxt',
        'k.yaml:18: colour is no setting; known here: runtime, task_store, http, concurrency, locale, log, tick_ms, shutdown_grace_ms, sources, calendars, functions, scheduled_tasks, retention, limits, tasks_file',
      ]);
    });

    it('gives the same one by one in the details', () => {
      expect(() => parse('\n\nhttp: { port: -1 }')).toThrow(
        expect.objectContaining({
          details: expect.objectContaining({
            key: 'http.port',
            mistakes: [
              { line: 3, key: 'http.port', problem: 'must be a whole number from 0 to 65535, not -1' },
            ],
          }),
        }),
      );
    });

    it.each([
      ['a list', '- a\n- b', 'must be a group of settings'],
      ['a word', 'hello', 'must be a group of settings, not "hello"'],
      ['a group that is a number', 'http: 5', 'must be a group of settings, not 5'],
      ['a group that is empty', 'http:', 'must be a group of settings, not null'],
    ])('refuses %s where settings belong', (_what, text, problem) => {
      expect(mistakes(text).join()).toContain(problem);
    });

    it.each([
      ['a broken text', 'http: {port: 1', 'k.yaml:1: the file is not YAML as it should be'],
      [
        'a key twice',
        'locale: en\nlocale: zh',
        'k.yaml:2: the file is not YAML as it should be: Map keys must be unique',
      ],
      ['a second document', 'locale: en\n---\nlocale: zh', 'k.yaml:2: the file begins a second document'],
      [
        'a tag',
        'locale: !!js/function "x"',
        'k.yaml:1: the file is not YAML as it should be: Unresolved tag',
      ],
      [
        'a forbidden name',
        'sources:\n  __proto__: { driver: ccxt }',
        'k.yaml:2: __proto__ cannot be used as a name',
      ],
      ['another forbidden name', 'constructor: 1', 'k.yaml:1: constructor cannot be used as a name'],
      ['a text without end', ' '.repeat(1_000_001), 'k.yaml: the file is longer than a megabyte'],
    ])('refuses %s', (_what, text, problem) => {
      expect(mistakes(text)[0]).toContain(problem);
    });

    it('refuses anchors that multiply', () => {
      const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);

      expect(mistakes(['a0: &a0 [1]', ...levels].join('\n'))[0]).toContain('the file cannot be read');
    });

    it('shows fifty and counts the rest', () => {
      const text = Array.from({ length: 60 }, (_, i) => `unknown_${i}: 1`).join('\n');

      expect(mistakes(text)).toHaveLength(51);
      expect(mistakes(text).at(-1)).toBe('… and 10 more');
    });
  });

  it('refuses to keep at least more runs than at most', () => {
    const given = 'retention: { runs_min: 11, runs_max: 10 }';
    expect(() => parse(given)).toThrow(/retention\.runs_min must not be greater than retention\.runs_max/);
    expect(parse('retention: { runs_min: 10, runs_max: 10 }').retention).toMatchObject({
      runsMin: 10,
      runsMax: 10,
    });
  });

  describe('http.token', () => {
    it.each(['0.0.0.0', '::', '192.168.1.2', 'kairos.example', '127.0.0.1.example'])(
      'is demanded on %s',
      (host) => {
        expect(mistakes(`\nhttp:\n  host: "${host}"`)).toEqual([
          `k.yaml:2: http.token must be set while http.host is ${host}, which others can reach; set KAIROS_HTTP__TOKEN, or listen on 127.0.0.1`,
        ]);
        expect(
          parse(`http: { host: "${host}" }`, { env: { KAIROS_HTTP__TOKEN: TOKEN } }).http.token?.reveal(),
        ).toBe(TOKEN);
      },
    );

    it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1'])('is optional on %s', (host) => {
      expect(parse(`http: { host: "${host}" }`).http.token).toBeUndefined();
    });

    it('is refused when short or unfit for a header, without being quoted', () => {
      for (const token of ['short', `with space ${TOKEN}`, `néw${TOKEN}`]) {
        expect(mistakes(`http: { token: "${token}" }`)).toEqual([
          'k.yaml:1: http.token must be 16 to 512 visible ASCII characters without spaces',
        ]);
      }
    });
  });

  describe('environment', () => {
    it('sets every kind of value', () => {
      const config = parse('sources: { okx-main: { exchange: okx } }', {
        env: {
          KAIROS_TASK_STORE__PATH: '/data/k.sqlite',
          KAIROS_LOCALE: 'zh',
          KAIROS_SOURCES__BINANCE__BASE_URL: 'http://127.0.0.1:9/',
          KAIROS_SOURCES__BINANCE__SEND_CREDENTIALS: 'true',
          KAIROS_SOURCES__BINANCE__BUDGET_SHARE: '0.25',
          KAIROS_SOURCES__OKX_MAIN__TIMEOUT_MS: ' 700 ',
          KAIROS_SOURCES__SANDBOX__SEED: '7',
          PATH: '/bin',
        },
      });

      expect(config).toMatchObject({
        taskStore: { path: '/data/k.sqlite' },
        locale: 'zh',
        sources: {
          binance: { baseUrl: 'http://127.0.0.1:9/', sendCredentials: true, budgetShare: 0.25 },
          'okx-main': { exchange: 'okx', timeoutMs: 700 },
          sandbox: { driver: 'sandbox', world: { kind: 'synthetic', seed: '7' } },
        },
      });
    });

    it('counts an empty variable as unset', () => {
      expect(
        parse('', { env: { KAIROS_HTTP__PORT: '', KAIROS_NONSENSE: '', KAIROS_LOCALE: undefined } }).http
          .port,
      ).toBe(8640);
    });

    it.each([
      ['KAIROS_HTTP_PORT', '1', 'did you mean KAIROS_HTTP__PORT?'],
      ['KAIROS_PORT', '1', 'did you mean KAIROS_HTTP__PORT?'],
      ['KAIROS_HTTP__PROT', '1', 'did you mean KAIROS_HTTP__PORT?'],
      ['KAIROS_http__port', '1', 'did you mean KAIROS_HTTP__PORT?'],
      ['KAIROS_SOURCES__BINANCE__BASEURL', '1', 'did you mean KAIROS_SOURCES__BINANCE__BASE_URL?'],
      ['KAIROS_BANANA', '1', 'is no setting; remove it'],
      ['KAIROS_', '1', 'has a part that can be no name'],
      ['KAIROS_HTTP', '{}', 'is a group'],
      ['KAIROS_SOURCES__BINANCE', 'x', 'is a group'],
      ['KAIROS_SOURCES____PROTO____SEED', '1', 'has a part that can be no name'],
      ['KAIROS_SOURCES__CONSTRUCTOR__SEED', '1', 'has a part that can be no name'],
      ['KAIROS_SOURCES__prototype__SEED', '1', 'has a part that can be no name'],
      ['KAIROS_HTTP__PORT', '80x', 'http.port must be a whole number from 0 to 65535, not "80x"'],
      ['KAIROS_HTTP__PORT', '1e3', 'http.port must be a whole number from 0 to 65535, not "1e3"'],
      ['KAIROS_SOURCES__B__SEND_CREDENTIALS', 'yes', 'sources.b.send_credentials must be true or false'],
    ])('refuses %s=%s', (name, value, problem) => {
      const found = mistakes('', { env: { [name]: value } });

      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(new RegExp(`^${name}: `));
      expect(found[0]).toContain(problem);
      expect(Object.hasOwn(Object.prototype, 'seed')).toBe(false);
    });

    it('leaves alone what is reserved for others', () => {
      expect(mistakes('', { env: { KAIROS_CONFIG: 'x' } })).toEqual([]);
      expect(mistakes('', { env: { KAIROS_URL: 'x' }, reserved: ['KAIROS_URL'] })).toEqual([]);
    });

    it('never throws anything but a ConfigError, whatever the file and variables say', () => {
      const name = fc.string({ maxLength: 30 }).map((s) => `KAIROS_${s}`);
      fc.assert(
        fc.property(fc.string({ maxLength: 200 }), fc.dictionary(name, fc.string()), (text, env) => {
          mistakes(text, { env });
        }),
        { seed: 5, numRuns: 500 },
      );
    });
  });

  describe('credentials', () => {
    const text = 'sources: { binance: { credentials: { api_key_env: BK, secret_env: KAIROS_BS } } }';
    const env = { BK: 'the key', KAIROS_BS: 'the secret' };

    it('are taken from the variables that the file names', () => {
      const config = parse(text, { env });

      expect(secretValues(config)).toEqual(['the key', 'the secret']);
      expect(config.sources['binance']).toMatchObject({ credentials: { apiKey: { variable: 'BK' } } });
    });

    it('do not show when the configuration is printed or serialised', () => {
      const config = parse(text, { env: { ...env, KAIROS_HTTP__TOKEN: TOKEN } });

      expect(secretValues(config)).toContain(TOKEN);
      for (const secret of secretValues(config)) {
        expect(JSON.stringify(config)).not.toContain(secret);
        expect(`${config.http.token}`).not.toContain(secret);
      }
    });

    it('must be set in the environment', () => {
      expect(mistakes(text, { env: { BK: 'x' } })).toEqual([
        'k.yaml:1: sources.binance.credentials.secret_env names an environment variable that is not set; set it, or remove the credentials',
      ]);
    });

    it.each([
      ['api_key', 'credentials: { api_key: hunter2hunter2 }'],
      ['apiKey', 'apiKey: hunter2hunter2'],
      ['secret', 'secret: hunter2hunter2'],
      ['password', 'credentials: { password: hunter2hunter2, api_key_env: X }'],
      ['api_key_env', 'credentials: { api_key_env: hunter2hunter2 }'],
      ['api_key_env in upper case', 'credentials: { api_key_env: HUNTER2HUNTER2 }'],
    ])('are refused when written out under %s, with the remedy and without being quoted', (_key, line) => {
      const found = mistakes(`sources:\n  binance:\n    ${line}`).join('\n');

      expect(found).toMatch(/environment variable/);
      expect(found).toContain('k.yaml:3: ');
      expect(found).not.toMatch(/hunter2/i);
    });
  });

  describe('keys of one driver', () => {
    it.each([
      ['binance: { seed: 1 }', 'sources.binance.seed belongs to driver sandbox'],
      ['binance: { latency_ms: 1 }', 'sources.binance.latency_ms belongs to driver sandbox'],
      ['sandbox: { realm: live }', 'sources.sandbox.realm belongs to driver ccxt'],
      ['sandbox: { seed: 1, recording: r }', 'sources.sandbox.recording excludes seed'],
      ['sandbox: { clock: yesterday }', 'sources.sandbox.clock must be an ISO 8601 instant'],
      ['sandbox: { seed: 1.5 }', 'sources.sandbox.seed must be a whole number, or up to 64 letters'],
    ])('are refused elsewhere: %s', (line, problem) => {
      expect(mistakes(`sources:\n  ${line}`)).toEqual([expect.stringContaining(`k.yaml:2: ${problem}`)]);
    });
  });

  describe('base_url', () => {
    it.each([
      'https://a.example',
      'https://a.example/api/',
      'http://127.0.0.1:80',
      'http://localhost',
      'http://[::1]:1',
    ])('may be %s', (url) => {
      expect(parse(`sources: { b: { base_url: "${url}" } }`).sources['b']).toMatchObject({ baseUrl: url });
    });

    it.each([
      'x',
      'ftp://a',
      'file:///etc/passwd',
      'http://a.example',
      'https://u:p@a',
      'https://a/?k=1',
      'https://a/#x',
    ])('must not be %s', (url) => {
      expect(mistakes(`sources: { b: { base_url: "${url}" } }`)[0]).toContain('sources.b.base_url must');
    });
  });

  describe('the documented layout of function deployments', () => {
    const layout = (type: string): string =>
      `runtime:\n  serverless:\n    provider: tencent\n    enable_local_timer: false\n    task_store:\n      type: ${type}\n      path: p`;

    it('is accepted, with a notice for each key', () => {
      const config = parse(layout('memory'));

      expect(config.taskStore).toEqual({ type: 'memory', path: 'p' });
      expect(config.notices).toEqual([
        'k.yaml: runtime.serverless.task_store is read as task_store; write it there',
        'k.yaml: runtime.serverless.provider means nothing in standalone mode and is ignored',
        'k.yaml: runtime.serverless.enable_local_timer means nothing in standalone mode and is ignored',
      ]);
    });

    it('is refused at its own line when the store is not one of this runtime', () => {
      expect(mistakes(layout('bleve'))).toEqual([
        expect.stringContaining('k.yaml:6: task_store.type must be sqlite or memory'),
      ]);
    });

    it('is refused when it says otherwise than the present layout', () => {
      expect(mistakes(`${layout('memory')}\ntask_store: { type: sqlite }`)).toEqual([
        'k.yaml:5: runtime.serverless.task_store says otherwise than task_store; remove one of them',
      ]);
    });

    it('has no other keys', () => {
      expect(mistakes('runtime: { serverless: { memory: 1 } }')[0]).toContain(
        'runtime.serverless is no setting',
      );
    });
  });
});
