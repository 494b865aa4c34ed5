import type { Painter } from '../terminal/style.ts';
import type { Shown } from './model.ts';

/** How much of a cell is in which state, in any unit. */
export type Shares = Readonly<Record<Shown, number>>;

/** What a cell says: one state throughout, or a mixture. `partly`: a part was not asked for yet. */
export type Mark = Shown | 'mixed' | 'partly' | 'blank';

/** The worst that is to be told of a cell comes first. */
export function markOf(shares: Shares): Mark {
  const { present, empty, unavailable, provisional, failed, missing } = shares;
  const total = present + empty + unavailable + provisional + failed + missing;
  if (total <= 0) return 'blank';
  if (failed > 0) return 'failed';
  if (missing > 0) return missing === total ? 'missing' : 'partly';
  if (provisional > 0) return 'provisional';
  if (present === total) return 'present';
  if (present > 0) return 'mixed';
  return empty >= unavailable ? 'empty' : 'unavailable';
}

const UNICODE: Readonly<Record<Mark, string>> = {
  present: '█',
  mixed: '▓',
  empty: '·',
  unavailable: '░',
  provisional: '?',
  failed: '!',
  missing: '_',
  partly: '▄',
  blank: ' ',
};
const ASCII: Readonly<Record<Mark, string>> = {
  ...UNICODE,
  present: '#',
  mixed: '%',
  empty: '.',
  unavailable: '~',
  partly: '+',
};
const LEVELS = '▁▂▃▄▅▆▇';

export const COLOURS: Readonly<Record<Mark, Parameters<Painter>[0]>> = {
  present: 'green',
  mixed: 'green',
  empty: 'dim',
  unavailable: 'dim',
  provisional: 'yellow',
  failed: 'redBright',
  missing: 'red',
  partly: 'yellow',
  blank: 'reset',
};

export const glyphOf = (mark: Mark, unicode: boolean): string => (unicode ? UNICODE : ASCII)[mark];

/** A cell's glyph; of one that is partly there, as high as it is full. */
export function cellGlyph(mark: Mark, shares: Shares, unicode: boolean): string {
  if (mark !== 'partly' || !unicode) return glyphOf(mark, unicode);
  const total = Object.values(shares).reduce((a, b) => a + b, 0);
  return LEVELS[Math.min(LEVELS.length - 1, Math.floor((1 - shares.missing / total) * LEVELS.length))] ?? '▄';
}
