import { openChannel } from './channel.ts';
import { contextOf, formatLine } from './context.ts';
import { endOf, failed } from './endings.ts';
import { framesOf } from './frames.ts';
import { watchOver } from './guard.ts';
import { plainJson } from './plain-json.ts';
import { checkParams, tasksOf } from './registry.ts';
import { worker } from './worker.ts';

const text = (part: (...args: never[]) => unknown): string => String(part);

/** Bundlers that keep the names of functions write calls of this into them. */
const HELPER = 'const __name = (value) => value;';

/**
 * The worker's program, as text for `node --eval`. So it needs no file of its own, and works from sources as from any bundle.
 * Each part is a function that uses nothing but its arguments and Node's globals, and is handed the others by the last one.
 */
export const WORKER_SOURCE = `
${HELPER}
const parts = {
  openChannel: ${text(openChannel)},
  contextOf: ${text(contextOf)},
  formatLine: ${text(formatLine)},
  endOf: ${text(endOf)},
  failed: ${text(failed)},
  framesOf: ${text(framesOf)},
  plainJson: ${text(plainJson)},
  checkParams: ${text(checkParams)},
  tasksOf: ${text(tasksOf)},
  guard: ${JSON.stringify(`${HELPER} (${text(watchOver)})(require)`)},
};
(${text(worker)})(require, (url) => import(url), parts);
`;
