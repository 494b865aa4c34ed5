export { createLogger, type LogDestination, type LoggerOptions, type LogLevel } from './create-logger.ts';
