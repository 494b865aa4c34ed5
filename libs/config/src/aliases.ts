import type { Mistake } from './mistake.ts';
import type { Path } from './settings.ts';
import { isTree, valueAt, without, type Tree } from './tree.ts';

export interface Renamed {
  readonly tree: unknown;
  readonly notices: readonly string[];
  readonly mistakes: readonly Omit<Mistake, 'line'>[];
  /** Where the value at a path was really written. */
  writtenAt(path: Path): Path;
}

const OLD: Path = ['runtime', 'serverless'];
const IGNORED = ['provider', 'enable_local_timer'] as const;

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Reads the documented layout of function deployments, where the task store stands under `runtime.serverless`. */
export function renameOldKeys(tree: unknown): Renamed {
  const old = valueAt(tree, OLD);
  if (!isTree(tree) || !isTree(old)) return { tree, notices: [], mistakes: [], writtenAt: (path) => path };
  const notices: string[] = [];
  const mistakes: Omit<Mistake, 'line'>[] = [];
  let out: Tree = tree;

  const store = old['task_store'];
  const moved = store !== undefined && tree['task_store'] === undefined;
  if (store !== undefined) {
    if (!moved && !sameText(store, tree['task_store'])) {
      mistakes.push({
        key: 'runtime.serverless.task_store',
        problem: 'says otherwise than task_store; remove one of them',
      });
    }
    notices.push('runtime.serverless.task_store is read as task_store; write it there');
    out = without(out, [...OLD, 'task_store']);
    if (moved) out = Object.assign(without(out, []), { task_store: store });
  }
  for (const key of IGNORED) {
    if (old[key] === undefined) continue;
    notices.push(`runtime.serverless.${key} means nothing in standalone mode and is ignored`);
    out = without(out, [...OLD, key]);
  }
  const rest = valueAt(out, OLD);
  if (isTree(rest) && Object.keys(rest).length === 0) out = without(out, OLD);
  return {
    tree: out,
    notices,
    mistakes,
    writtenAt: (path) => (moved && path[0] === 'task_store' ? [...OLD, ...path] : path),
  };
}
