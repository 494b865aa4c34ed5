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
  readonly world:
    | { readonly kind: 'synthetic'; readonly seed: string }
    | { readonly kind: 'recording'; readonly dir: string };
  /** Instant at which venue time stands still. */
  readonly clock?: number | undefined;
  readonly latencyMs: number;
}

export type SourceConfig = CcxtSourceConfig | SandboxSourceConfig;

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
  /** By the name that tasks use. */
  readonly sources: Readonly<Record<string, SourceConfig>>;
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
  const common = { timeoutMs: tree.timeout_ms, budgetShare: tree.budget_share };
  if (tree.driver === 'sandbox') {
    return {
      ...common,
      driver: 'sandbox',
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

/** A checked tree as the rest of the program wants it. */
export function runtimeConfigOf(p: {
  readonly tree: RuntimeConfigTree;
  readonly env: Environment;
  readonly notices: readonly string[];
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
    sources: Object.fromEntries(Object.entries(tree.sources).map(([id, s]) => [id, sourceOf(id, s, p.env)])),
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

/** Every secret value of the configuration: what the log must hide. */
export const secretValues = (config: RuntimeConfig): readonly string[] => [...new Set(secretsOf(config))];
