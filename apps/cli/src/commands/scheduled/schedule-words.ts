import { explainSchedule } from '@kairos/schedule';
import type { Language } from '../../command.ts';
import { tell } from './texts.ts';
import type { Timing } from './upcoming.ts';

/** A schedule in words, its zone included. */
export function scheduleWords({ schedule, timezone, frequency }: Timing, language: Language): string {
  if (schedule === null) return tell('atEachClose', language, { timeframe: frequency });
  return explainSchedule({ schedule, timezone }, language);
}
