import { describe, expect, it } from 'vitest';
import { openCalendars } from '@kairos/composition';
import { calendarChecks } from './calendar-checks.ts';

const DAY = 86_400_000;
const config = {
  calendars: {},
  sources: {
    shares: { driver: 'ccxt', calendar: 'sse' },
    more: { driver: 'ccxt', calendar: 'sse' },
    binance: { driver: 'ccxt' },
  },
};

async function endOfSse(): Promise<number> {
  const calendars = await openCalendars(config, () => Promise.reject(new Error('no file is read')));
  return calendars.of('shares').known?.to ?? NaN;
}

describe('the check of calendars', () => {
  it('is one line for each calendar with an end, however many sources follow it', async () => {
    const checks = await calendarChecks(config, (await endOfSse()) - 300 * DAY);

    expect(checks).toMatchObject([{ id: 'calendar.sse', verdict: 'ok' }]);
  });

  it('warns before the known days end, and after', async () => {
    const end = await endOfSse();
    const [before] = await calendarChecks(config, end - DAY);
    const [after] = await calendarChecks(config, end);

    expect(before).toMatchObject({
      verdict: 'warn',
      seen: { en: expect.stringContaining('no holidays after') as string },
    });
    expect(after).toMatchObject({
      verdict: 'warn',
      seen: { en: expect.stringContaining('every weekday') as string },
    });
    expect(after?.remedy?.zh).toContain('休市日');
  });

  it('says nothing where no source has sessions', async () => {
    expect(await calendarChecks({ calendars: {}, sources: { binance: { driver: 'ccxt' } } }, 0)).toEqual([]);
  });
});
