import { ConfigError } from '@kairos/domain';

/** Environment variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What every job may know: where programs lie, how text and time are written, which certificates to trust. */
const ALWAYS = [
  'PATH',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];
/** The server's own settings, the keys of clouds, and what would change how Node itself runs. */
const NEVER = /^(KAIROS_|AWS_|TENCENTCLOUD_|QCLOUD_|NODE_OPTIONS$|NODE_PATH$|LD_)/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What jobs see of the server's environment: a few harmless variables, and those that the operator named.
 * @throws ConfigError for a name that jobs must not see
 */
export function jobEnvironment(env: Environment, named: readonly string[]): Record<string, string> {
  const wrong = named.filter((name) => NEVER.test(name) || !NAME.test(name));
  if (wrong.length > 0)
    throw new ConfigError(
      `functions may not be given ${wrong.join(', ')}: name a variable that is made for them`,
      { names: wrong },
    );
  const seen = [...ALWAYS, ...named].flatMap((name): [string, string][] => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(seen);
}
