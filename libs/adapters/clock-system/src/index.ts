export { type Host } from './host.ts';
export { HostWorkers } from './host-workers.ts';
export { SystemClock } from './system-clock.ts';
export { SystemIds } from './system-ids.ts';
