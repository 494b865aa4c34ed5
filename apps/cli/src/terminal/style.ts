import { styleText } from 'node:util';
import type { Display } from '../command.ts';

type Format = Parameters<typeof styleText>[0];
export type Painter = (format: Format, text: string) => string;

/** Colours where they are seen, the bare text elsewhere. */
export const painter = (display: Pick<Display, 'colors'> | undefined): Painter =>
  display?.colors === true ? (format, text) => styleText(format, text) : (_format, text) => text;
