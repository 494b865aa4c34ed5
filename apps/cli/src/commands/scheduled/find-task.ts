import type { ScheduledEntry } from '@kairos/config';
import { KairosError, nearestName } from '@kairos/domain';
import { printable, type Language } from '../../command.ts';
import type { Desk, ReadTasks } from './tasks-file.ts';
import { tell } from './texts.ts';

/** More names than these are no help. */
const MOST_NAMES = 8;

function hintOf(name: string, names: readonly string[], language: Language): string {
  const near = nearestName(name, names);
  if (near !== undefined) return tell('didYouMean', language, { near: printable(near) });
  if (names.length === 0 || names.length > MOST_NAMES) return '';
  return tell('hereAre', language, { names: names.map(printable).join(', ') });
}

/** Names that stand in the file, those of entries with errors included. */
export const namesIn = ({ entries, problems }: ReadTasks): readonly string[] => [
  ...new Set([...entries.map((e) => e.name), ...problems.flatMap((p) => p.task ?? [])]),
];

export function unknownTask(desk: Desk, name: string, names: readonly string[]): KairosError {
  const { file, language } = desk;
  const hint = hintOf(name, names, language);
  return new KairosError(
    'TASK_NOT_FOUND',
    tell('unknownTask', language, { file, name: printable(name), hint }),
  );
}

/** The entry of that name. @throws KairosError with the name that may be meant, or saying that the entry has errors */
export function taskNamed(desk: Desk, read: ReadTasks, name: string): ScheduledEntry {
  const entry = read.entries.find((e) => e.name === name);
  if (entry) return entry;
  const names = namesIn(read);
  if (!names.includes(name)) throw unknownTask(desk, name, names);
  const { file, language } = desk;
  throw new KairosError('TASK_NOT_FOUND', tell('brokenTask', language, { file, name: printable(name) }));
}
