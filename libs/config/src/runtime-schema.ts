import { z } from 'zod';
import { isLoopback } from './loopback.ts';

/** Names that mean something to the language itself and can therefore be no setting and no id. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What `wholeNumber` and texts like it say in refusals begins with "must", which tells it from the library's own words. */
function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}
const text = (max: number) => z.string().min(1).max(max);

const TOKEN = /^[\x21-\x7e]{16,512}$/;

const http = z
  .strictObject({
    host: text(255)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback demands a token.'),
    port: wholeNumber(0, 65_535).default(8_640).describe('Port to listen on; 0 takes any free one.'),
    token: z
      .string()
      .regex(TOKEN, { error: 'must be 16 to 512 visible ASCII characters without spaces' })
      .optional()
      .describe(
        'Bearer token that every request must carry. Better set as KAIROS_HTTP__TOKEN than written here.',
      ),
  })
  .superRefine((value, ctx) => {
    if (isLoopback(value.host) || value.token !== undefined) return;
    ctx.addIssue({
      code: 'custom',
      path: ['token'],
      message: `must be set while http.host is ${value.host}, which others can reach; set KAIROS_HTTP__TOKEN, or listen on 127.0.0.1`,
    });
  });

const retention = z
  .strictObject({
    runs_days: wholeNumber(0, 36_500)
      .default(90)
      .describe('Run records older than so many days are let go; 0: none by age.'),
    runs_min: wholeNumber(0, 100_000)
      .default(100)
      .describe('The newest so many run records of each task stay, however old.'),
    runs_max: wholeNumber(1, 10_000_000)
      .default(10_000)
      .describe('Beyond the newest so many run records of each task, older ones are let go.'),
    findings_days: wholeNumber(0, 36_500)
      .default(365)
      .describe('Findings older than so many days are let go; 0: none by age.'),
    findings_max: wholeNumber(1, 10_000_000)
      .default(10_000)
      .describe('Beyond the newest so many findings of each series, older ones are let go.'),
    history_max_mb: wholeNumber(0, 1_000_000)
      .default(512)
      .describe('Megabytes that run records and findings may take together, about; 0: any number.'),
    finished_tasks_days: wholeNumber(0, 36_500)
      .default(0)
      .describe('Tasks that ended more than so many days ago are deleted, their data stay; 0: never.'),
  })
  .superRefine((value, ctx) => {
    if (value.runs_min <= value.runs_max) return;
    ctx.addIssue({
      code: 'custom',
      path: ['runs_min'],
      message: 'must not be greater than retention.runs_max',
    });
  });

/** A name, not a value: upper case with digits and underscores. What looks otherwise is taken for the secret itself. */
const variable = z.string().regex(/^[A-Z][A-Z0-9_]{0,127}$/, {
  error:
    'must be the NAME of an environment variable (upper case, such as BINANCE_API_KEY), never the key itself',
});

const credentials = z.strictObject({
  api_key_env: variable.describe('Name of the environment variable that holds the API key.'),
  secret_env: variable.optional().describe('Name of the environment variable that holds the secret.'),
  password_env: variable.optional().describe('Name of the environment variable that holds the password.'),
});

/** Only http and https; plain http never leaves the machine; no user or password, which would be printed with the URL. */
function baseUrlProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'must be a URL such as https://api.binance.com';
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must begin with https:// (or http:// on this machine)';
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return 'must use https:// unless it is on this machine';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or password; use credentials';
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment';
  return undefined;
}

const baseUrl = text(2_048).superRefine((value, ctx) => {
  const problem = baseUrlProblem(value);
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
});

const PROXY_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

/** An address alone: a user and a password belong into the environment, which the log hides. */
function proxyProblem(value: string): string | undefined {
  if (value === 'none') return undefined;
  if (!URL.canParse(value)) return 'must be a URL such as http://127.0.0.1:3128, or none';
  const url = new URL(value);
  if (!PROXY_SCHEMES.has(url.protocol)) return 'must begin with http://, https:// or socks5://';
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user or password; give a proxy with those by HTTPS_PROXY or ALL_PROXY';
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    return 'must be an address without a path';
  return undefined;
}

const proxy = text(2_048).superRefine((value, ctx) => {
  const problem = proxyProblem(value);
  if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
});

/** Name of a session calendar, and of one that `calendars` adds. */
const calendarName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'must be 1 to 64 lower-case letters, digits, dots, dashes or underscores, such as sse',
});

const CCXT_KEYS = ['base_url', 'proxy', 'realm', 'credentials', 'send_credentials'] as const;
const SANDBOX_KEYS = ['seed', 'recording', 'clock', 'latency_ms'] as const;

const source = z
  .strictObject({
    driver: z
      .enum(['ccxt', 'sandbox'])
      .optional()
      .describe('ccxt (default), or sandbox: a venue inside this process.'),
    exchange: z
      .string()
      .regex(/^[a-z0-9_]{1,64}$/, { error: 'must be an exchange id as ccxt writes it, such as binance' })
      .optional()
      .describe(
        'ccxt exchange id; default: the name of the source. Sandbox: the exchange whose interface it speaks; default: binance.',
      ),
    base_url: baseUrl
      .optional()
      .describe('Another address of the venue. Its data are then not called live: see realm.'),
    proxy: proxy
      .optional()
      .describe(
        'Proxy to go out through (http, https or socks5), or none. Default: HTTPS_PROXY or ALL_PROXY of the environment.',
      ),
    realm: z
      .string()
      .regex(/^[a-z][a-z0-9._-]{0,31}(:[A-Za-z0-9._-]{1,64})?$/, {
        error: 'must look like live, mirror or sandbox:42',
      })
      .optional()
      .describe('Which world the data are from. Default: live, or custom:<host> with a base_url.'),
    timeout_ms: wholeNumber(100, 120_000)
      .default(10_000)
      .describe('Longest wait for one answer, in milliseconds.'),
    budget_share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.8)
      .describe(
        'Share of the venue’s rate limit to use; the rest is left to other programs on this address.',
      ),
    credentials: credentials
      .optional()
      .describe('Names of environment variables; keys themselves never stand here.'),
    send_credentials: z
      .boolean()
      .default(false)
      .describe('Send the credentials to a base_url other than the venue’s own.'),
    calendar: calendarName
      .optional()
      .describe('Session calendar of the venue, such as sse. Default: open all the time.'),
    seed: z
      .union([wholeNumber(0, Number.MAX_SAFE_INTEGER), z.string().regex(/^[A-Za-z0-9._-]{1,64}$/)])
      .optional()
      .describe('Sandbox: which synthetic world; the same seed gives the same market.'),
    recording: text(1_024)
      .optional()
      .describe('Sandbox: folder of recorded candles to replay instead of a synthetic world.'),
    clock: z.iso
      .datetime({ offset: true })
      .optional()
      .describe(
        'Sandbox: the instant at which venue time stands still, such as 2024-01-01T00:00:00Z. Default: now.',
      ),
    latency_ms: wholeNumber(0, 60_000)
      .optional()
      .describe('Sandbox: delay before each answer, in milliseconds.'),
  })
  .superRefine((value, ctx) => {
    const foreign: readonly (keyof typeof value)[] = value.driver === 'sandbox' ? CCXT_KEYS : SANDBOX_KEYS;
    for (const key of foreign) {
      // `send_credentials: false` is what its absence means, and cannot be told from it here.
      if (value[key] === undefined || value[key] === false) continue;
      const driver = value.driver === 'sandbox' ? 'ccxt' : 'sandbox';
      ctx.addIssue({
        code: 'custom',
        path: [key],
        message: `belongs to driver ${driver}; remove it, or set driver: ${driver}`,
      });
    }
    if (value.seed !== undefined && value.recording !== undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['recording'],
        message: 'excludes seed: a world is replayed or made up; remove one',
      });
    }
  });

const pool = () => wholeNumber(1, 16).default(2);

const functions = z.strictObject({
  dir: text(1_024).default('functions').describe('Folder of the modules that scheduled tasks name.'),
  env: z
    .array(variable)
    .max(128)
    .default([])
    .describe('NAMES of environment variables that functions may see beside a few harmless ones.'),
  nodejs: z
    .strictObject({ max_workers: pool().describe('Node.js functions that run at the same time.') })
    .prefault({}),
  python: z
    .strictObject({
      interpreter: text(1_024).default('python3').describe('Python 3.11 or later: a command or a path.'),
      max_workers: pool().describe('Python functions that run at the same time.'),
      venv_dir: text(1_024)
        .default('data/python')
        .describe('Folder of the virtual environments, which are made when missing.'),
    })
    .prefault({}),
});

const sourceId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: 'must be 1 to 64 lower-case letters, digits, dots, dashes or underscores',
});

/** The runtime configuration as it is written in YAML. Every key has a default or may be left out. */
export const runtimeSchema = z.strictObject({
  runtime: z
    .strictObject({ mode: z.enum(['standalone']).default('standalone').describe('Where Kairos runs.') })
    .prefault({}),
  task_store: z
    .strictObject({
      type: z
        .enum(['sqlite', 'memory'])
        .default('sqlite')
        .describe('sqlite keeps everything in one file; memory forgets.'),
      path: text(1_024).default('data/kairos.sqlite').describe('The SQLite file, on a local disk.'),
    })
    .prefault({}),
  http: http.prefault({}),
  concurrency: wholeNumber(1, 64).default(4).describe('Runs in flight at the same time.'),
  locale: z.enum(['zh', 'en']).default('en').describe('Language of error texts in replies.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info')
        .describe('Lines below it are not written.'),
      format: z
        .enum(['auto', 'pretty', 'json'])
        .default('auto')
        .describe('auto: pretty on a terminal, JSON otherwise.'),
    })
    .prefault({}),
  tick_ms: wholeNumber(10, 60_000)
    .default(1_000)
    .describe('How often to look for due tasks, in milliseconds.'),
  shutdown_grace_ms: wholeNumber(0, 8_000)
    .default(2_000)
    .describe(
      'How long running work may go on after a request to stop, before it hands over, in milliseconds.',
    ),
  sources: z
    .record(sourceId, source)
    .default({})
    .describe('Where data come from, by the name tasks use for it.'),
  calendars: z
    .record(
      calendarName,
      z.strictObject({ file: text(1_024).describe('Dated file of sessions and holidays.') }),
    )
    .default({})
    .describe('Session calendars beside those that are built in, by the name sources use for them.'),
  functions: functions.prefault({}),
  scheduled_tasks: text(1_024)
    .default('config/scheduled-tasks.json')
    .describe(
      'JSON file of declared tasks. That at the default path may be missing, a named one must be there.',
    ),
  retention: retention.prefault({}),
  limits: z
    .strictObject({
      max_tasks: wholeNumber(1, 1_000_000).default(10_000).describe('New tasks beyond so many are refused.'),
    })
    .prefault({}),
  tasks_file: text(1_024)
    .optional()
    .describe('JSON file of create_task signals to send into a store that is new.'),
});

/** The configuration as written: snake_case, everything optional. */
export type RuntimeConfigText = z.input<typeof runtimeSchema>;
/** The same with all defaults filled in. */
export type RuntimeConfigTree = z.output<typeof runtimeSchema>;

/** JSON Schema of the YAML file, for editors. Rules across keys (a token for public hosts, keys per driver) are not in it. */
export function runtimeConfigJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(runtimeSchema, { io: 'input', target: 'draft-7' });
  return { ...schema, title: 'Kairos runtime configuration' };
}
