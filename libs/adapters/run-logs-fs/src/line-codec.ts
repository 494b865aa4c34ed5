import type { LoggedLine, RunLogLine } from '@kairos/ports';

const LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies readonly RunLogLine['level'][];
const STREAMS: readonly string[] = ['log', 'stdout', 'stderr'] satisfies readonly RunLogLine['stream'][];

const isLevel = (value: unknown): value is RunLogLine['level'] => LEVELS.includes(String(value));
const isStream = (value: unknown): value is RunLogLine['stream'] => STREAMS.includes(String(value));

/** What steers a terminal and JSON leaves alone: the rest of the control characters, and those that turn text around. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

const LAST_INSTANT = 8.64e15;

/** A message of at most so many characters; what is longer says how much of it is missing. */
export function shortened(message: string, most: number): string {
  if (message.length <= most) return message;
  return `${message.slice(0, most)}… (${message.length - most} more characters were cut off)`;
}

/** One line of a file, its line break included. */
export function encodeLine({ at, runId, level, stream, message }: LoggedLine): string {
  const instant = new Date(Math.abs(at) <= LAST_INSTANT ? at : 0).toISOString();
  const json = JSON.stringify({ at: instant, run: runId, level, stream, message });
  return `${json.replace(STEERING, escaped)}\n`;
}

function decodeLine(text: string): LoggedLine | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { at, run, level, stream, message } = parsed as Readonly<Record<string, unknown>>;
  const instant = typeof at === 'string' ? Date.parse(at) : NaN;
  if (Number.isNaN(instant) || typeof run !== 'string' || typeof message !== 'string') return undefined;
  return isLevel(level) && isStream(stream) ? { at: instant, runId: run, level, stream, message } : undefined;
}

const NEWLINE = 0x0a;

/** The whole lines of some bytes, and how many bytes they take. What comes after the last line break is not read yet. */
export function decodeLines(bytes: Buffer): { readonly lines: readonly LoggedLine[]; readonly used: number } {
  const used = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = bytes
    .toString('utf8', 0, used)
    .split('\n')
    .flatMap((text) => (text === '' ? [] : (decodeLine(text) ?? [])));
  return { lines, used };
}
