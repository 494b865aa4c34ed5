import { styleText } from 'node:util';
import type { Display } from '../command.ts';

type Format = Parameters<typeof styleText>[0];
export type Painter = (format: Format, text: string) => string;

/** Colours where they are seen, the bare text elsewhere. */
export const painter = (display: Pick<Display, 'colors'> | undefined): Painter =>
  display?.colors === true
    ? // Asked about its own output, not about standard output, which may be a file meanwhile.
      (format, text) => styleText(format, text, { validateStream: false })
    : (_format, text) => text;
