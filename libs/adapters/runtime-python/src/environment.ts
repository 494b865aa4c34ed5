import { picked, type Environment } from '@kairos/runtime-common';

const words = (text: string): readonly string[] => text.split(' ');

/** What every task may know: where programs lie, how to write text and time, which certificates to trust. */
const FOR_TASKS = words('PATH LANG LC_ALL LC_CTYPE TZ SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE');
/** What pip needs besides: its settings, and the way out. */
const FOR_PIP = [
  ...FOR_TASKS,
  ...words('HOME TMPDIR XDG_CONFIG_HOME XDG_CACHE_HOME http_proxy https_proxy no_proxy all_proxy'),
  ...words('HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY'),
];
/** Libraries for arithmetic reserve tens of megabytes per thread, and start a thread per core: here many tasks share a machine. */
const ONE_THREAD = words('OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_MAX_THREADS');

/** What a worker sees of the server's environment: the allow-list, what the operator named, and its own folder as home. */
export const taskEnvironment = (env: Environment, named: readonly string[], home: string): Environment => ({
  ...Object.fromEntries(ONE_THREAD.map((name) => [name, '1'])),
  ...picked(env, FOR_TASKS),
  ...picked(env, named),
  HOME: home,
  TMPDIR: home,
});

/** What pip sees. */
export const pipEnvironment = (env: Environment): Environment => {
  const own = Object.keys(env).filter((name) => name.startsWith('PIP_'));
  return picked(env, [...FOR_PIP, ...own]);
};
