export { JobHandler, type JobHandlerDeps } from './job-handler.ts';
