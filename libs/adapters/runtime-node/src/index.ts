export { NodeTaskRuntime, type NodeTaskRuntimeOptions } from './node-task-runtime.ts';
export { type Environment } from '@kairos/runtime-common';
export { locateFunction, type Located } from './locate-function.ts';
export {
  defineTask,
  type CheckedTask,
  type ParamsSchema,
  type ParamsVerdict,
  type TaskAnswer,
  type TaskCell,
  type TaskContext,
  type TaskFunction,
  type TaskRecords,
} from './task-context.ts';
