import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SystemClock } from '@kairos/clock-system';
import { readScheduledTasks, type RuntimeConfig, type ScheduledTasks } from '@kairos/config';
import { ConfigError } from '@kairos/domain';
import type { Call, Language } from '../../command.ts';
import { loadConfigOrDefaults, type Loaded } from '../../configuration.ts';
import { languageOption, textOf } from '../../options.ts';
import { tell } from './texts.ts';

/** What every command of `scheduled` begins with. */
export interface Desk {
  readonly loaded: Loaded;
  readonly language: Language;
  /** The file of tasks, as it was named. */
  readonly file: string;
}

const defaultFile = (config: RuntimeConfig): string => config.scheduledTasks.path;

/** @throws ConfigError, UsageError */
export async function deskOf(call: Call): Promise<Desk> {
  const loaded = await loadConfigOrDefaults(textOf(call, 'config'), call.terminal.env);
  const language = languageOption(call) ?? loaded.config.locale;
  return { loaded, language, file: textOf(call, 'file') ?? defaultFile(loaded.config) };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);

async function bytesOf({ file, language }: Desk): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new ConfigError(tell('fileUnreadable', language, { file, why: codeOf(error) }), { file });
  }
}

export interface ReadTasks extends ScheduledTasks {
  readonly text: string;
}

export const readTasksText = (desk: Desk, text: string): ReadTasks => ({
  text,
  ...readScheduledTasks({ text, file: desk.file, locale: desk.language }),
});

/** The file as it stands. @throws ConfigError where it is not there or cannot be read */
export async function readTasks(desk: Desk): Promise<ReadTasks> {
  const { file, language } = desk;
  const bytes = await bytesOf(desk);
  if (!bytes) throw new ConfigError(tell('fileMissing', language, { file }), { file });
  return readTasksText(desk, bytes.toString('utf8'));
}

/** A lock older than this was left by a program that is gone: edits take milliseconds. */
const STALE_MS = 10_000;
const WAIT_MS = 20;
const MOST_TRIES = 100;

const clock = new SystemClock();

/**
 * Runs some work while no other process that goes by this rule edits the file. The lock is the temporary file itself, so
 * that whoever dies leaves one thing behind, and that is taken away by the next.
 */
async function locked<T>(
  p: { readonly lock: string; readonly busy: () => Error },
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      await (await open(p.lock, 'wx', 0o600)).close();
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const left = await stat(p.lock).catch(() => undefined);
      if (left && clock.now() - left.mtimeMs > STALE_MS) await unlink(p.lock).catch(() => undefined);
      else if (tries >= MOST_TRIES) throw p.busy();
      else await clock.sleep(WAIT_MS);
    }
  }
  try {
    return await work();
  } finally {
    await unlink(p.lock).catch(() => undefined);
  }
}

/** A name is only durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function replace(target: string, text: string): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.part`);
  const mode = (await stat(target).catch(() => undefined))?.mode;
  const file = await open(temporary, 'wx', 0o644);
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode !== undefined) await chmod(temporary, mode & 0o7777);
    await rename(temporary, target);
    await syncFolder(target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

/** A new file: what it holds before the first task. */
const EMPTY = '{\n  "tasks": []\n}\n';

/** Editors do not know our lock: what they wrote in between is read again, so often. */
const MOST_ROUNDS = 5;

/**
 * Edits the file of tasks: all of it or nothing, keeping its mode, and a link what it is. `edit` gets the text as it stands
 * and may be called again where somebody else wrote in between; the same text back writes nothing. Answers the text as it
 * then stands.
 * @throws ConfigError where the file cannot be read, is not there (unless `create`) or is busy; whatever `edit` throws
 */
export async function editTasks(
  desk: Desk,
  edit: (text: string) => string,
  p: { readonly create?: boolean } = {},
): Promise<string> {
  const { file, language } = desk;
  const refuse = (text: string): ConfigError => new ConfigError(text, { file });
  if (!p.create && !(await bytesOf(desk))) throw refuse(tell('fileMissing', language, { file }));
  // A link keeps its place, and what it leads to is edited.
  const target = await realpath(file).catch(() => file);
  const lock = join(dirname(target), `.${basename(target)}.lock`);
  const busy = (): ConfigError => refuse(tell('fileBusy', language, { file, lock }));
  return locked({ lock, busy }, async () => {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const before = await bytesOf(desk);
      const text = before?.toString('utf8') ?? EMPTY;
      if (before && !Buffer.from(text).equals(before)) throw refuse(tell('fileNotText', language, { file }));
      const edited = edit(text);
      if (before && edited === text) return text;
      const now = await bytesOf(desk);
      if (before === undefined ? now !== undefined : now?.equals(before) !== true) continue;
      await replace(target, edited);
      return edited;
    }
    throw refuse(tell('fileChanges', language, { file }));
  });
}
