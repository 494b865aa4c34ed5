export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. `event` is a stable, dotted, lower-case name; the sink redacts secrets. Never throws. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}
