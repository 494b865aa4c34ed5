import { readFile } from 'node:fs/promises';
import { openCalendars, type CalendarSettings } from '@kairos/composition';
import type { Calendar } from '@kairos/ports';
import { same, type Check } from './check.ts';

/** Exchanges announce next year's holidays in the last weeks of this one: time enough to copy them. */
const SOON_MS = 45 * 86_400_000;

/** Whether each calendar that a source follows knows its market's holidays for a while. Those open for ever need no look. */
export async function calendarChecks(config: CalendarSettings, now: number): Promise<Check[]> {
  const calendars = await openCalendars(config, (file) => readFile(file, 'utf8'));
  const followed = new Set(Object.keys(config.sources).map((source) => calendars.of(source)));
  return [...followed].flatMap((calendar) => checkOf(calendar, now));
}

function checkOf({ id, known }: Calendar, now: number): Check[] {
  if (!known) return [];
  const until = new Date(known.to - 1).toISOString().slice(0, 10);
  const common = { id: `calendar.${id}`, label: { en: `calendar ${id}`, zh: `日历 ${id}` } };
  if (now < known.to - SOON_MS) return [{ ...common, verdict: 'ok', seen: same(`… ${until}`) }];
  const isOver = now >= known.to;
  return [
    {
      ...common,
      verdict: 'warn',
      seen: isOver
        ? {
            en: `knows no holidays after ${until}; every weekday counts as a trading day`,
            zh: `不含 ${until} 之后的休市日；此后每个工作日都视为交易日`,
          }
        : { en: `knows no holidays after ${until}`, zh: `不含 ${until} 之后的休市日` },
      remedy: {
        en: "add the days that the exchange announced, name the file under calendars; see docs/guides/session-calendars.md, 'When its validity ends'",
        zh: '请补充交易所公布的休市日，并在 calendars 中指明该文件；见 docs/guides/session-calendars.md',
      },
    },
  ];
}
