import { SSE } from '@kairos/calendar-sessions';
import { describe, expect, it } from 'vitest';
import { openCalendars } from './configured-calendars.ts';

const nothing = async (file: string): Promise<string> => {
  throw new Error(`${file} is not there`);
};

const source = (calendar?: string): { driver: string; calendar?: string } => ({
  driver: 'ccxt',
  ...(calendar === undefined ? {} : { calendar }),
});

describe('the configured calendars', () => {
  it('are always open for a source that names none, and for one that nobody configured', async () => {
    const calendars = await openCalendars({ sources: { binance: source() } }, nothing);
    expect(calendars.of('binance').id).toBe('always');
    expect(calendars.of('kraken').id).toBe('always');
  });

  it('are shipped ones by name, one and the same for all sources that follow it', async () => {
    const sources = { shares: source('sse'), more: source('sse'), futures: source('cffex') };
    const calendars = await openCalendars({ sources }, nothing);
    expect(calendars.of('shares').id).toBe('sse');
    expect(calendars.of('more')).toBe(calendars.of('shares'));
    expect(calendars.of('futures').id).toBe('cffex');
  });

  it('come from files, before shipped ones of the same name', async () => {
    const calendars = await openCalendars(
      { sources: { shares: source('sse') }, calendars: { sse: { file: 'mine.json' } } },
      async () => JSON.stringify({ ...SSE, id: 'sse-newer' }),
    );
    expect(calendars.of('shares').id).toBe('sse-newer');
  });

  it('refuse a name that is not there, and say which are', async () => {
    await expect(openCalendars({ sources: { shares: source('nyse') } }, nothing)).rejects.toThrow(
      'sources.shares.calendar: there is no calendar nyse; there are always, cffex, sse, and those that you name',
    );
    await expect(openCalendars({ sources: { shares: source('toString') } }, nothing)).rejects.toThrow(
      'there is no calendar toString',
    );
  });

  it('refuse a file that cannot be read, by its key', async () => {
    await expect(
      openCalendars({ sources: {}, calendars: { mine: { file: 'mine.json' } } }, nothing),
    ).rejects.toThrow('calendars.mine.file: mine.json cannot be read');
  });
});
