export { TaskService, type TaskServiceDeps } from './task-service.ts';
export { contentOf, newTask, patchContent, sameContent } from './task-content.ts';
