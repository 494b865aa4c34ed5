import type { LoggedLine } from '@kairos/ports';
import { printable, type Display, type Language } from '../../command.ts';
import { painter } from '../../terminal/style.ts';
import { tell } from './texts.ts';

const COLOURS = { debug: 'dim', info: 'reset', warn: 'yellow', error: 'red' } as const;
/** Where a line came from, in three letters: a job's own logger says its level, prints say their stream. */
const wordOf = ({ level, stream }: LoggedLine): string =>
  stream === 'stdout' ? 'out  ' : stream === 'stderr' ? 'err  ' : level.padEnd(5);

/** Draws log lines one by one: a heading for each run, the time in UTC, further lines of a message below its first. */
export class LogScreen {
  readonly #display: Display;
  readonly #language: Language;
  readonly #headings: boolean;
  #run: string | undefined;

  constructor(p: { readonly display: Display; readonly language: Language; readonly headings: boolean }) {
    this.#display = p.display;
    this.#language = p.language;
    this.#headings = p.headings;
  }

  lines(line: LoggedLine): string[] {
    const paint = painter(this.#display);
    const out: string[] = [];
    if (this.#headings && line.runId !== this.#run) {
      const when = new Date(line.at).toISOString().slice(0, 10);
      const text = tell('runOf', this.#language, { run: printable(line.runId) });
      out.push(...(this.#run === undefined ? [] : ['']), paint('bold', `${text}  ${when}`));
    }
    this.#run = line.runId;
    const time = new Date(line.at).toISOString().slice(11, 23);
    const [first = '', ...rest] = line.message.replace(/\r?\n$/, '').split(/\r?\n/);
    const colour = line.stream === 'stderr' && line.level === 'info' ? 'reset' : COLOURS[line.level];
    const dress = (text: string): string => (colour === 'reset' ? text : paint(colour, text));
    out.push(`${paint('dim', time)} ${dress(wordOf(line))} ${dress(printable(first))}`.trimEnd());
    for (const more of rest) out.push(`${' '.repeat(19)}${dress(printable(more))}`.trimEnd());
    return out;
  }
}

/** A line for programs. */
export const lineJson = (line: LoggedLine): Readonly<Record<string, unknown>> => ({
  at: new Date(line.at).toISOString(),
  run_id: line.runId,
  level: line.level,
  stream: line.stream,
  message: line.message,
});
