import { ConfigError } from '@kairos/domain';

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Never handed on: the server's own settings, the keys of clouds, and what would change how a language itself runs. */
const NEVER = /^(KAIROS_|AWS_|TENCENTCLOUD_|QCLOUD_|PYTHON|NODE_OPTIONS$|NODE_PATH$|LD_|DYLD_)/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws ConfigError when a name is one that functions must not see */
export function checkNames(names: readonly string[]): void {
  const wrong = names.filter((name) => NEVER.test(name) || !NAME.test(name));
  if (wrong.length > 0)
    throw new ConfigError(
      `functions may not be given ${wrong.join(', ')}: name a variable that is made for them`,
      { names: wrong },
    );
}

/** These variables of the environment, as far as they are set. */
export const picked = (env: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name): [string, string][] => {
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
