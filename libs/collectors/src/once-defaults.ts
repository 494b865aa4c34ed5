import { ceilTo, floorTo, isEmptyRange } from '@kairos/domain';
import type { Calendar, Ids, Logger } from '@kairos/ports';

/** What a caller of `collectSeries` need not bring. */

const quiet = (): void => undefined;

export const SILENT: Logger = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  child: () => SILENT,
};

/** The venues of ccxt never close. */
export const ALWAYS_OPEN: Calendar = {
  id: 'always',
  expected: ({ grid, range }) => {
    const slots = { from: ceilTo(grid, range.from), to: ceilTo(grid, range.to) };
    return isEmptyRange(range) || isEmptyRange(slots) ? [] : [slots];
  },
  closedBefore: ({ grid, now }) => floorTo(grid, now),
};

/** Collecting takes chance only to spread retries of many processes; alone, the middle does as well. */
export const NO_CHANCE: Ids = { uid: () => 'once', nonce: () => 'once', random: () => 0.5 };
