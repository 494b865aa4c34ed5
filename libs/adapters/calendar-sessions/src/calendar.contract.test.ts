import { calendarContract } from '@kairos/testkit';
import { CFFEX } from './cffex.ts';
import type { CalendarFacts } from './facts.ts';
import { sessionCalendar } from './session-calendar.ts';
import { SSE } from './sse.ts';

/** Clocks that change, a half day, an open Saturday and hours up to midnight: made up, to be unlike Shanghai. */
const MADE_UP: CalendarFacts = {
  id: 'made-up',
  zone: 'America/New_York',
  validFrom: '2012-01-01',
  validTo: '2027-12-31',
  sessions: [
    { from: '2012-01-01', hours: [{ open: '09:30', close: '16:00' }] },
    {
      from: '2020-01-01',
      days: ['sun', 'mon', 'tue', 'wed', 'thu'],
      hours: [
        { open: '00:00', close: '16:07' },
        { open: '18:00', close: '24:00' },
      ],
    },
  ],
  holidays: [{ from: '2015-12-24', to: '2016-01-03' }],
  special: [
    { date: '2018-11-23', hours: [{ open: '09:30', close: '13:00' }] },
    { date: '2018-12-01', hours: [{ open: '10:00', close: '11:00' }] },
  ],
  sources: ['made up'],
};

calendarContract('the calendar of Shanghai', () => sessionCalendar(SSE));
calendarContract('the calendar of CFFEX', () => sessionCalendar(CFFEX));
calendarContract('a calendar with clock changes and odd hours', () => sessionCalendar(MADE_UP));
