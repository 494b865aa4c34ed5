import { renameOldKeys, type Renamed } from './aliases.ts';
import { overlayEnvironment, type Environment } from './environment.ts';
import { problemsOf } from './issue-text.ts';
import { configError, type Mistake } from './mistake.ts';
import { runtimeConfigOf, type RuntimeConfig } from './runtime-config.ts';
import { runtimeSchema, type RuntimeConfigText, type RuntimeConfigTree } from './runtime-schema.ts';
import { settingOf, type Path } from './settings.ts';
import { isTree, overlay, treeOf, valueAt } from './tree.ts';
import { readYaml } from './yaml-text.ts';

export interface RuntimeConfigSource {
  /** The YAML text; empty text means nothing but defaults. */
  readonly text: string;
  /** Name of the file, for messages only. */
  readonly file: string;
  readonly env: Environment;
  /** What holds where neither file nor environment says otherwise. */
  readonly defaults?: RuntimeConfigText | undefined;
  /** `KAIROS_*` variables that are read elsewhere and are no settings; default `KAIROS_CONFIG` alone. */
  readonly reserved?: readonly string[] | undefined;
}

const ROOT = settingOf(runtimeSchema);
const SCHEDULED_TASKS: Path = ['scheduled_tasks'];
const RESERVED: readonly string[] = ['KAIROS_CONFIG'];
const CREDENTIAL_KEYS = ['api_key_env', 'secret_env', 'password_env'] as const;

/** The source named `sandbox` is the built-in venue unless it says otherwise. */
function withSandboxDriver(tree: unknown): unknown {
  const own = valueAt(tree, ['sources', 'sandbox']);
  const path: Path = ['sources', 'sandbox', 'driver'];
  return isTree(own) && own['driver'] === undefined ? overlay(tree, treeOf(path, 'sandbox')) : tree;
}

/** Credentials that the environment does not hold: a source without its key would fail later, and less clearly. */
function unsetCredentials(tree: RuntimeConfigTree, env: Environment): { path: Path; problem: string }[] {
  return Object.entries(tree.sources).flatMap(([id, source]) =>
    CREDENTIAL_KEYS.filter((key) => {
      const variable = source.credentials?.[key];
      return variable !== undefined && (env[variable] ?? '') === '';
    }).map((key) => ({
      path: ['sources', id, 'credentials', key],
      // The name is not repeated: it might be a key that was written in its place.
      problem: 'names an environment variable that is not set; set it, or remove the credentials',
    })),
  );
}

function checked(
  tree: unknown,
  env: Environment,
): { tree: RuntimeConfigTree } | { problems: { path: Path; problem: string }[] } {
  const result = runtimeSchema.safeParse(tree);
  if (!result.success) {
    const at = (path: Path): unknown => valueAt(tree, path);
    return {
      problems: result.error.issues.flatMap((issue) => problemsOf(issue, { root: ROOT, valueAt: at })),
    };
  }
  const problems = unsetCredentials(result.data, env);
  return problems.length > 0 ? { problems } : { tree: result.data };
}

/** Tells for a problem at a path whether the file or a variable brought it. */
function placer(p: {
  readonly renamed: Renamed;
  readonly lineOf: (path: Path) => number | undefined;
  readonly origins: ReadonlyMap<string, string>;
}): (at: { readonly path: Path; readonly problem: string }) => Mistake {
  return ({ path, problem }) => {
    const key = path.join('.');
    const variable = p.origins.get(key);
    return variable === undefined
      ? { line: p.lineOf(p.renamed.writtenAt(path)), key, problem }
      : { variable, key, problem };
  };
}

/**
 * The runtime configuration from a YAML text and the environment. The environment outranks the file, the file the given
 * defaults, those the schema's. Touches neither files nor the process.
 * @throws ConfigError `CONFIG` naming every mistake at once: file and line or variable, key, and what to do. Its
 * `details.mistakes` hold the same one by one. No secret is quoted.
 */
export function parseRuntimeConfig(source: RuntimeConfigSource): RuntimeConfig {
  const { env, file } = source;
  const yaml = readYaml(source.text);
  const renamed = renameOldKeys(yaml.value);
  const { tree, origins, mistakes } = overlayEnvironment({
    root: ROOT,
    tree: overlay(source.defaults, renamed.tree),
    env,
    reserved: source.reserved ?? RESERVED,
  });
  const result = checked(withSandboxDriver(tree), env);
  const place = placer({ renamed, lineOf: yaml.lineOf, origins });
  const all: Mistake[] = [
    ...yaml.mistakes,
    ...renamed.mistakes.map(({ key, problem }) => ({ line: yaml.lineOf(key.split('.')), key, problem })),
    ...mistakes,
    // A text that could not be read says nothing about its settings.
    ...('problems' in result && yaml.mistakes.length === 0 ? result.problems.map(place) : []),
  ];
  if (all.length > 0 || 'problems' in result) throw configError(file, all);
  return runtimeConfigOf({
    tree: result.tree,
    env,
    notices: renamed.notices.map((notice) => `${file}: ${notice}`),
    scheduledTasksGiven:
      valueAt(renamed.tree, SCHEDULED_TASKS) !== undefined || origins.has(SCHEDULED_TASKS.join('.')),
  });
}
