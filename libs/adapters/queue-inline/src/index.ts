export { InlineWorkQueue, type InlineWorkQueueDeps } from './inline-work-queue.ts';
