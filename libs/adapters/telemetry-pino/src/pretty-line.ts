import { prettyFactory } from 'pino-pretty';
import type { Plain } from './plain.ts';

/**
 * Characters that move the cursor, recolour, hide or reorder what a person reads: controls (ESC and the single-character
 * CSI among them), line and paragraph separators, and the marks that turn the writing direction.
 */
// eslint-disable-next-line no-control-regex -- finding control characters is this expression's purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with every such character written out, as `\x1b` or `\u202e`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    if (c === '\t') return '\\t';
    const code = c.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const isRecord = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Bare where that reads without doubt; otherwise in quotes. */
function word(text: string): string {
  const shown = visible(text);
  return shown === '' || /[\s"=]/.test(shown) ? `"${shown.replaceAll('"', '\\"')}"` : shown;
}

const isError = (value: { readonly [key: string]: Plain }): boolean =>
  'message' in value &&
  'code' in value &&
  Object.keys(value).every((k) => ['code', 'message', 'cause'].includes(k));

/** `CODE: message`, then what caused it, then what caused that. */
function errorText(value: Plain): string {
  if (!isRecord(value) || !isError(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const own = `${String(value['code'])}: ${String(value['message'])}`;
  return value['cause'] === undefined ? own : `${own}; caused by ${errorText(value['cause'])}`;
}

function shown(value: Plain): string {
  if (typeof value === 'string') return word(value);
  if (isRecord(value) && isError(value)) return word(errorText(value));
  return typeof value === 'object' ? visible(JSON.stringify(value)) : String(value);
}

/** Fields as `key=value`, in the order they were given. */
export const fieldsText = (fields: { readonly [key: string]: Plain }): string =>
  Object.entries(fields)
    .map(([key, value]) => `${word(key)}=${shown(value)}`)
    .join(' ');

/** Time, level and event of a line, and its fields. */
interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly [field: string]: Plain;
}

/**
 * Turns a JSON line into one for people: time, level, event, then the fields. Runs in this process and at once, so that
 * the last lines before an exit are not lost in a worker.
 */
export function prettyLine(colour: boolean): (line: string) => string {
  const format = prettyFactory({
    colorize: colour,
    messageKey: 'event',
    translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l',
  });
  return (line) => {
    // Only what this library wrote itself comes here. The formatter gets no field: it has a meaning of its own for some.
    const { time, level, event, ...fields } = JSON.parse(line) as Line;
    const text = [visible(event), fieldsText(fields)].filter((part) => part !== '').join(' ');
    return String(format({ time, level, event: text }));
  };
}
