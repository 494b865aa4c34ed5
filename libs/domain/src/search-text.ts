import type { Task } from './task.ts';

/** Text as searching compares it: width and case do not count. */
export const foldText = (text: string): string => text.normalize('NFKC').toLowerCase();

/** What a search of tasks looks at, folded, one field a line: no word reaches over two of them. The same for every store. */
export const searchText = (t: Task): string =>
  [
    t.taskId,
    t.projectId,
    t.dataset,
    t.source,
    t.dataType,
    t.frequency,
    ...t.symbols,
    ...(t.declared ? [t.declared.description] : []),
    ...(t.job ? [t.job.function, t.job.taskType, t.job.taskName] : []),
  ]
    .map(foldText)
    .join('\n');
