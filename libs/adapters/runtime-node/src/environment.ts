import { checkNames, picked, type Environment } from '@kairos/runtime-common';

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

/**
 * What jobs see of the server's environment: a few harmless variables, and those that the operator named.
 * @throws ConfigError for a name that jobs must not see
 */
export function jobEnvironment(env: Environment, named: readonly string[]): Record<string, string> {
  checkNames(named);
  return picked(env, [...ALWAYS, ...named]);
}
