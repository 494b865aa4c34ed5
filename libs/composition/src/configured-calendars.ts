import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { CFFEX, parseCalendar, sessionCalendar, SSE } from '@kairos/calendar-sessions';
import { ConfigError } from '@kairos/domain';
import type { Calendar, Calendars } from '@kairos/ports';

/** What the configuration says of calendars: which source follows which, and which are read from files. */
export interface CalendarSettings {
  readonly sources: Readonly<
    Record<string, { readonly driver: string; readonly calendar?: string | undefined }>
  >;
  readonly calendars?: Readonly<Record<string, { readonly file: string }>> | undefined;
}

/** Those that need no file. */
const SHIPPED: Readonly<Record<string, () => Calendar>> = {
  always: () => new AlwaysOpenCalendar(),
  cffex: () => sessionCalendar(CFFEX),
  sse: () => sessionCalendar(SSE),
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function readCalendar(
  name: string,
  file: string,
  readText: (file: string) => Promise<string>,
): Promise<Calendar> {
  const key = `calendars.${name}.file`;
  const text = await readText(file).catch((error: unknown) => {
    throw new ConfigError(`${key}: ${file} cannot be read: ${reasonOf(error)}`, { key, file });
  });
  return parseCalendar(text, file);
}

/**
 * Each source's calendar. One named in `calendars` is read from its file, and goes before a shipped one of the same name;
 * a source that names none is always open. @throws ConfigError where a file cannot be read or is wrong, and where a source
 * names a calendar that is not there
 */
export async function openCalendars(
  config: CalendarSettings,
  readText: (file: string) => Promise<string>,
): Promise<Calendars> {
  const named = new Map<string, Calendar>();
  for (const [name, { file }] of Object.entries(config.calendars ?? {}))
    named.set(name, await readCalendar(name, file, readText));
  const always = new AlwaysOpenCalendar();
  const bySource = new Map<string, Calendar>();
  for (const [id, { calendar: name }] of Object.entries(config.sources)) {
    if (name === undefined) continue;
    const found = named.get(name) ?? (Object.hasOwn(SHIPPED, name) ? SHIPPED[name]?.() : undefined);
    if (!found) {
      const key = `sources.${id}.calendar`;
      const known = [...new Set([...named.keys(), ...Object.keys(SHIPPED)])].sort().join(', ');
      throw new ConfigError(
        `${key}: there is no calendar ${name}; there are ${known}, and those that you name under calendars`,
        { key },
      );
    }
    // One table for all sources that follow it.
    named.set(name, found);
    bySource.set(id, found);
  }
  return { of: (source) => bySource.get(source) ?? always };
}
