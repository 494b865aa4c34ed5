import { ServerError, UsageError, type Call, type Language } from '../command.ts';
import { loadConfigOrDefaults, storePathOf, type Loaded } from '../configuration.ts';
import { flagOf, languageOption, textOf } from '../options.ts';
import type { Door } from './door.ts';
import { addressOf, findServer, isServed, type Found } from './find-server.ts';
import { say, type Saying } from './sayings.ts';

export interface Entrance {
  readonly door: Door;
  readonly language: Language;
  readonly loaded: Loaded;
}

type Choice =
  | { readonly door: 'server'; readonly url: string }
  | { readonly door: 'store'; readonly path: string }
  | { readonly refusal: Saying; readonly params: Readonly<Record<string, string>> };

/** What is known when the way in is chosen. */
export interface Situation {
  readonly server: string | undefined;
  readonly store: string | undefined;
  /** Where the configured store lies. */
  readonly path: string;
  readonly found: Found | undefined;
  readonly isServed: (path: string) => boolean;
}

/**
 * A server that answers is asked; without one the store is opened. Who works on a store is the one to be asked about it,
 * also when it is named by its path; what a server says of another store is no answer.
 */
export function chooseDoor(s: Situation): Choice {
  const { found } = s;
  if (s.server !== undefined) {
    if (found?.kind === 'server') return { door: 'server', url: found.url };
    const status = found?.kind === 'refused' ? String(found.status) : '';
    return {
      refusal: found?.kind === 'refused' ? 'refused' : 'unreachable',
      params: { url: s.server, status },
    };
  }
  const path = s.store ?? s.path;
  if (found?.kind === 'server') {
    if (s.isServed(path)) return { door: 'server', url: found.url };
    if (s.store !== undefined) return { door: 'store', path };
    const theirs = found.store.path ?? 'memory';
    return { refusal: 'other_store', params: { url: found.url, theirs, ours: path } };
  }
  if (s.store !== undefined) return { door: 'store', path };
  if (found?.kind === 'silent') return { refusal: 'silent', params: { url: found.url } };
  if (found?.kind === 'refused')
    return { refusal: 'refused', params: { url: found.url, status: String(found.status) } };
  return { door: 'store', path };
}

function urlOption(call: Call): string | undefined {
  const given = textOf(call, 'server');
  if (given === undefined) return undefined;
  const written = given.includes('://') ? given : `http://${given}`;
  if (!URL.canParse(written))
    throw new UsageError({
      en: `--server ${given}: write http://127.0.0.1:8640`,
      zh: `--server ${given}：请写成 http://127.0.0.1:8640`,
    });
  return written.replace(/\/+$/, '');
}

/** The way in that the call and the machine allow, not opened yet. */
export interface ChosenEntrance {
  readonly choice: Exclude<Choice, { readonly refusal: Saying }>;
  readonly language: Language;
  readonly loaded: Loaded;
  /** Of the server. */
  readonly token: string | undefined;
}

/** Chooses between server and store, and says so where that is wanted. @throws ServerError; ConfigError */
export async function chooseEntrance(call: Call): Promise<ChosenEntrance> {
  const server = urlOption(call);
  const store = textOf(call, 'store');
  if (server !== undefined && store !== undefined)
    throw new UsageError({
      en: '--server and --store: name one of them',
      zh: '--server 与 --store 只能选一个',
    });
  const loaded = await loadConfigOrDefaults(textOf(call, 'config'), call.terminal.env);
  const { config } = loaded;
  const language = languageOption(call) ?? config.locale;
  const token = config.http.token?.reveal();
  const url = server ?? addressOf(config.http);
  const found = url === undefined ? undefined : await findServer(url, token);
  const choice = chooseDoor({
    server,
    store,
    path: config.taskStore.path,
    found,
    isServed: (path) =>
      found?.kind === 'server' &&
      (isServed(found.store, path) ||
        // Both speak of a store without a file: that of the server.
        (store === undefined && config.taskStore.type === 'memory' && found.store.path === undefined)),
  });
  if ('refusal' in choice) throw new ServerError(say(choice.refusal, language, choice.params));
  const verbose = flagOf(call, 'verbose');
  const tell = (saying: Saying, where: string): void => {
    if (verbose) call.terminal.err(say(saying, language, { where }));
  };
  if (choice.door === 'server') tell('by_server', choice.url);
  else {
    if (store === undefined) storePathOf(loaded);
    tell(found?.kind === 'stranger' ? 'by_store_stranger' : 'by_store', choice.path);
  }
  return { choice, language, loaded, token };
}

/** Opens the way in that the call and the machine allow. `create`: a store that is not there is made. @throws ServerError; ConfigError; StoreError */
export async function openDoor(call: Call, p: { readonly create?: boolean } = {}): Promise<Entrance> {
  const { choice, language, loaded, token } = await chooseEntrance(call);
  if (choice.door === 'server') {
    const { remoteDoor } = await import('./remote-door.ts');
    return { door: remoteDoor({ url: choice.url, token, language }), language, loaded };
  }
  const { localDoor } = await import('./local-door.ts');
  const { path } = choice;
  const create = p.create ?? false;
  const { env } = call.terminal;
  const door = await localDoor({ config: loaded.config, path, language, create, env });
  return { door, language, loaded };
}
