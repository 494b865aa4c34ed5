import type { Clock, LogFields, Logger } from '@kairos/ports';
import { destination as openDestination, pino, type Logger as PinoLogger } from 'pino';
import { Plainer } from './plain.ts';
import { prettyLine } from './pretty-line.ts';
import { redactor } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where finished lines go. */
export interface LogDestination {
  write(text: string): unknown;
}

export interface LoggerOptions {
  /** Lines below this level are not written. */
  readonly level: LogLevel;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Default: standard output, written at once. */
  readonly destination?: LogDestination | undefined;
  /** Values that must not be seen. Each is hidden wherever it turns up, in any of its encodings. */
  readonly secrets: readonly string[];
  /** Colours in pretty lines. Default: only on a terminal. */
  readonly colour?: boolean | undefined;
  /** Tells the lines' time; default the host's. */
  readonly clock?: Pick<Clock, 'now'> | undefined;
}

/** Names the line itself uses; a field of that name gets a trailing underscore. */
const TAKEN: ReadonlySet<string> = new Set(['time', 'level', 'event']);

class PinoBackedLogger implements Logger {
  readonly #pino: PinoLogger;
  readonly #plainer: Plainer;

  constructor(line: PinoLogger, plainer: Plainer) {
    this.#pino = line;
    this.#plainer = plainer;
  }

  debug(event: string, fields?: LogFields): void {
    this.#write('debug', event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#write('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#write('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#write('error', event, fields);
  }

  child(fields: LogFields): Logger {
    return new PinoBackedLogger(this.#pino.child(this.#fields(fields)), this.#plainer);
  }

  /** A log that fails must not fail its caller: the line is lost, and nothing else. */
  #write(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields: LogFields = {}): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    try {
      this.#pino[level](this.#fields(fields), '%s', this.#plainer.plain(event));
    } catch {
      // The destination is gone (a closed pipe, a full disk), and there is nowhere left to say so.
    }
  }

  #fields(fields: LogFields): Record<string, unknown> {
    const plain = this.#plainer.plain(fields);
    const entries = typeof plain === 'object' && plain !== null ? Object.entries(plain) : [];
    return Object.fromEntries(entries.map(([key, value]) => [TAKEN.has(key) ? `${key}_` : key, value]));
  }
}

/** Control characters that JSON leaves as they are, and marks that reorder text, in JSON's own escapes. */
const escapedJson = (line: string): string =>
  line.replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/**
 * A logger that writes one line per event: JSON (`time`, `level`, `event`, then the fields), or text for people. Every
 * text passes the redaction, keys and causes of errors included; errors are written as code, message and cause, so that
 * nothing an SDK hangs on them gets out. Logging never throws.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { clock } = options;
  const destination = options.destination ?? openDestination({ fd: 1, sync: true });
  const colour = options.colour ?? (options.destination === undefined && process.stdout.isTTY === true);
  const finish = options.pretty ? prettyLine(colour) : escapedJson;
  const line = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'event',
      formatters: { level: (level) => ({ level }) },
      timestamp: clock
        ? () => `,"time":"${new Date(clock.now()).toISOString()}"`
        : pino.stdTimeFunctions.isoTime,
    },
    { write: (text: string) => void destination.write(finish(text)) },
  );
  return new PinoBackedLogger(line, new Plainer(redactor(options.secrets)));
}
