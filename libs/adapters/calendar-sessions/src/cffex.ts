import type { CalendarFacts } from './facts.ts';
import { SSE } from './sse.ts';

const SINCE = '2016-01-01';

/** Stock index futures at the China Financial Futures Exchange, which keeps the days of the stock exchanges. */
export const CFFEX: CalendarFacts = {
  id: 'cffex',
  title: 'China Financial Futures Exchange, stock index futures',
  zone: SSE.zone,
  validFrom: SINCE,
  validTo: SSE.validTo,
  sessions: [
    {
      from: SINCE,
      hours: [
        { open: '09:30', close: '11:30' },
        { open: '13:00', close: '15:00' },
      ],
    },
  ],
  holidays: SSE.holidays.filter(({ from }) => from >= SINCE),
  sources: [
    'hours: recorded minute bars of the CSI 1000 future IML8, 2023-12-04 to 2024-09-27',
    ...SSE.sources.filter((source) => source.startsWith('holidays')),
  ],
};
