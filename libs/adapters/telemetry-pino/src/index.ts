export { createLogger, type LogDestination, type LoggerOptions, type LogLevel } from './create-logger.ts';
export { visible } from './pretty-line.ts';
export { redactor } from './redact.ts';
