import type { Display, Terminal } from '../command.ts';

/** Where the width is not known: as much as a page of text has. */
export const PAGE = 100;
const DARK: Display = { width: undefined, colors: false, unicode: true };

type Env = Terminal['env'];
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a stream shows, by what the environment says of terminals: NO_COLOR, FORCE_COLOR, TERM, COLUMNS. */
export function displayOf(stream: Stream, env: Env): Display {
  const watched = stream.isTTY === true;
  const dumb = env['TERM'] === 'dumb';
  const forced = (env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0';
  const colors = (env['NO_COLOR'] ?? '') === '' && (forced || (watched && !dumb));
  const columns = Number(env['COLUMNS']) || stream.columns || 80;
  return { width: watched ? columns : undefined, colors, unicode: !dumb };
}

export const outOf = (terminal: Terminal): Display => terminal.display?.out ?? DARK;
export const errOf = (terminal: Terminal): Display => terminal.display?.err ?? DARK;
