import type { Environment } from './environment.ts';
import { proxyOf, type EnvProxy } from './proxy-environment.ts';
import type { RuntimeConfigTree } from './runtime-schema.ts';
import { Secret } from './secret.ts';

/** A secret and the environment variable it came from. */
export interface EnvSecret {
  readonly variable: string;
  readonly value: Secret;
}

export interface SourceCredentials {
  readonly apiKey: EnvSecret;
  readonly secret?: EnvSecret | undefined;
  readonly password?: EnvSecret | undefined;
}

interface AnySource {
  /** Longest wait for one answer. */
  readonly timeoutMs: number;
  /** Share of the venue's rate limit to use, in (0, 1]. */
  readonly budgetShare: number;
  /** Name of the venue's session calendar; undefined: it is open all the time. */
  readonly calendar?: string | undefined;
}

/** A venue reached through ccxt. */
export interface CcxtSourceConfig extends AnySource {
  readonly driver: 'ccxt';
  readonly exchange: string;
  readonly baseUrl?: string | undefined;
  /** An address, or `none`: not even the environment's. */
  readonly proxy?: string | undefined;
  readonly realm?: string | undefined;
  readonly credentials?: SourceCredentials | undefined;
  readonly sendCredentials: boolean;
}

/** A venue inside the process: made up from a seed, or replaying recordings. */
export interface SandboxSourceConfig extends AnySource {
  readonly driver: 'sandbox';
  /** The exchange whose interface it speaks. */
  readonly exchange: string;
  readonly world:
    | { readonly kind: 'synthetic'; readonly seed: string }
    | { readonly kind: 'recording'; readonly dir: string };
  /** Instant at which venue time stands still. */
  readonly clock?: number | undefined;
  readonly latencyMs: number;
}

export type SourceConfig = CcxtSourceConfig | SandboxSourceConfig;

/** How long history is kept. Data, coverage and evidence are kept for ever. */
export interface RetentionConfig {
  /** 0: none goes by age. So for findings. */
  readonly runsDays: number;
  /** Of each task, newest first. */
  readonly runsMin: number;
  readonly runsMax: number;
  readonly findingsDays: number;
  /** Of each series, newest first. */
  readonly findingsMax: number;
  /** 0: any number. */
  readonly historyMaxMb: number;
  /** 0: finished tasks stay. */
  readonly finishedTasksDays: number;
}

/** Where the user's own functions are, and how they run. */
export interface FunctionsConfig {
  readonly dir: string;
  /** Names of environment variables that functions may see beside a few harmless ones. */
  readonly env: readonly string[];
  readonly nodejs: { readonly maxWorkers: number };
  readonly python: {
    /** A command or a path. */
    readonly interpreter: string;
    readonly maxWorkers: number;
    /** Folder of the virtual environments. */
    readonly venvDir: string;
  };
}

export interface RuntimeConfig {
  readonly runtime: { readonly mode: 'standalone' };
  readonly taskStore: { readonly type: 'sqlite' | 'memory'; readonly path: string };
  readonly http: { readonly host: string; readonly port: number; readonly token?: Secret | undefined };
  /** Runs in flight. */
  readonly concurrency: number;
  readonly locale: 'zh' | 'en';
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'pretty' | 'json';
  };
  readonly tickMs: number;
  readonly shutdownGraceMs: number;
  readonly retention: RetentionConfig;
  readonly limits: { readonly maxTasks: number };
  /** By the name that tasks use. */
  readonly sources: Readonly<Record<string, SourceConfig>>;
  /** Session calendars beside those that are built in, by name. */
  readonly calendars: Readonly<Record<string, { readonly file: string }>>;
  readonly functions: FunctionsConfig;
  /** File of declared tasks. `given`: somebody named it, so it must be there; else it may be missing. */
  readonly scheduledTasks: { readonly path: string; readonly given: boolean };
  /** For every source that names no other, those included that are not configured. */
  readonly proxy?: EnvProxy | undefined;
  /** File of create_task signals to send at start. */
  readonly tasksFile?: string | undefined;
  /** What the writer should know of how the configuration was read. */
  readonly notices: readonly string[];
}

type SourceTree = RuntimeConfigTree['sources'][string];

const DEFAULT_SEED = '42';

function envSecret(env: Environment, variable: string): EnvSecret {
  return { variable, value: new Secret(env[variable] ?? '') };
}

function credentialsOf(tree: NonNullable<SourceTree['credentials']>, env: Environment): SourceCredentials {
  return {
    apiKey: envSecret(env, tree.api_key_env),
    ...(tree.secret_env !== undefined && { secret: envSecret(env, tree.secret_env) }),
    ...(tree.password_env !== undefined && { password: envSecret(env, tree.password_env) }),
  };
}

function sourceOf(id: string, tree: SourceTree, env: Environment): SourceConfig {
  const common = {
    timeoutMs: tree.timeout_ms,
    budgetShare: tree.budget_share,
    ...(tree.calendar !== undefined && { calendar: tree.calendar }),
  };
  if (tree.driver === 'sandbox') {
    return {
      ...common,
      driver: 'sandbox',
      exchange: tree.exchange ?? 'binance',
      world:
        tree.recording === undefined
          ? { kind: 'synthetic', seed: String(tree.seed ?? DEFAULT_SEED) }
          : { kind: 'recording', dir: tree.recording },
      ...(tree.clock !== undefined && { clock: Date.parse(tree.clock) }),
      latencyMs: tree.latency_ms ?? 0,
    };
  }
  return {
    ...common,
    driver: 'ccxt',
    exchange: tree.exchange ?? id,
    ...(tree.base_url !== undefined && { baseUrl: tree.base_url }),
    ...(tree.proxy !== undefined && { proxy: tree.proxy }),
    ...(tree.realm !== undefined && { realm: tree.realm }),
    ...(tree.credentials !== undefined && { credentials: credentialsOf(tree.credentials, env) }),
    sendCredentials: tree.send_credentials,
  };
}

const retentionOf = (tree: RuntimeConfigTree['retention']): RetentionConfig => ({
  runsDays: tree.runs_days,
  runsMin: tree.runs_min,
  runsMax: tree.runs_max,
  findingsDays: tree.findings_days,
  findingsMax: tree.findings_max,
  historyMaxMb: tree.history_max_mb,
  finishedTasksDays: tree.finished_tasks_days,
});

const functionsOf = (tree: RuntimeConfigTree['functions']): FunctionsConfig => ({
  dir: tree.dir,
  env: [...new Set(tree.env)],
  nodejs: { maxWorkers: tree.nodejs.max_workers },
  python: {
    interpreter: tree.python.interpreter,
    maxWorkers: tree.python.max_workers,
    venvDir: tree.python.venv_dir,
  },
});

/** A checked tree as the rest of the program wants it. */
export function runtimeConfigOf(p: {
  readonly tree: RuntimeConfigTree;
  readonly env: Environment;
  readonly notices: readonly string[];
  /** Whether file or environment name the file of declared tasks. */
  readonly scheduledTasksGiven: boolean;
}): RuntimeConfig {
  const { tree } = p;
  const proxy = proxyOf(p.env);
  return {
    runtime: tree.runtime,
    taskStore: tree.task_store,
    http: {
      host: tree.http.host,
      port: tree.http.port,
      ...(tree.http.token !== undefined && { token: new Secret(tree.http.token) }),
    },
    concurrency: tree.concurrency,
    locale: tree.locale,
    log: tree.log,
    tickMs: tree.tick_ms,
    shutdownGraceMs: tree.shutdown_grace_ms,
    retention: retentionOf(tree.retention),
    limits: { maxTasks: tree.limits.max_tasks },
    sources: Object.fromEntries(Object.entries(tree.sources).map(([id, s]) => [id, sourceOf(id, s, p.env)])),
    calendars: tree.calendars,
    functions: functionsOf(tree.functions),
    scheduledTasks: { path: tree.scheduled_tasks, given: p.scheduledTasksGiven },
    ...(proxy !== undefined && { proxy }),
    ...(tree.tasks_file !== undefined && { tasksFile: tree.tasks_file }),
    notices: p.notices,
  };
}

function* secretsOf(value: unknown): Generator<string> {
  if (value instanceof Secret) yield value.reveal();
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* secretsOf(inner);
}

/** The parts of a URL that are secret by themselves: a proxy is told them without the URL around them. */
function partsOf(secret: string): string[] {
  const url = URL.canParse(secret) ? new URL(secret) : undefined;
  // A user name without a password is a token.
  const written = url === undefined ? '' : url.password || url.username;
  return written === '' ? [] : [written, plainly(written)];
}

function plainly(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** Every secret value of the configuration, and what a proxy's URL holds of them: what the log must hide. */
export const secretValues = (config: RuntimeConfig): readonly string[] => [
  ...new Set([...secretsOf(config)].flatMap((secret) => [secret, ...partsOf(secret)])),
];
