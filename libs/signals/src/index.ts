export { createSignalHandler, type SignalHandler, type SignalOptions } from './signal-handler.ts';
export { type SignalHandlerDeps } from './action.ts';
export { type KnownSources } from './check-task.ts';
export {
  failureReply,
  type FailureBody,
  type FailureDetail,
  type SignalReply,
  type SuccessBody,
} from './reply.ts';
export { signalJsonSchemas, signalSchemaDocument, type JsonSchema } from './json-schemas.ts';
export { SIGNAL_ACTIONS, type SignalAction } from './schemas.ts';
export { MAX_SIGNAL_BYTES } from './read-text.ts';
export { LOCALES, MESSAGES, type Locale, type MessageCode } from './messages.ts';
