export {
  DECLARATION_KINDS,
  revisionOf,
  type DeclarationAction,
  type DeclarationKind,
  type DeclarationOptions,
} from './declaration.ts';
export { DeclaredTasks, type DeclaredTasksDeps, type DeclarationPlan } from './declared-tasks.ts';
export { DECLARED_IN, TaskService, type TaskServiceDeps } from './task-service.ts';
export { contentOf, nameOf, newTask, patchContent, sameContent } from './task-content.ts';
