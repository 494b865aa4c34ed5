export { describeConfig } from './describe-config.ts';
export { type Environment } from './environment.ts';
export { type Mistake } from './mistake.ts';
export { parseRuntimeConfig, type RuntimeConfigSource } from './parse-runtime-config.ts';
export {
  secretValues,
  type CcxtSourceConfig,
  type EnvSecret,
  type FunctionsConfig,
  type RetentionConfig,
  type RuntimeConfig,
  type SandboxSourceConfig,
  type SourceConfig,
  type SourceCredentials,
} from './runtime-config.ts';
export { type EnvProxy } from './proxy-environment.ts';
export { runtimeConfigJsonSchema, type RuntimeConfigText } from './runtime-schema.ts';
export {
  readScheduledTasks,
  type ScheduledEntry,
  type ScheduledTasks,
  type ScheduledTasksSource,
} from './scheduled-tasks.ts';
export { addTask, removeTask, setTaskEnabled } from './scheduled-tasks-edit.ts';
export { scheduledTasksJsonSchema, type ScheduledTaskText } from './scheduled-tasks-fields.ts';
export { type FilePlace, type FileProblem } from './scheduled-tasks-problem.ts';
export { judgeForTarget } from './scheduled-tasks-target.ts';
export { type ProblemLocale } from './scheduled-tasks-texts.ts';
export { Secret } from './secret.ts';
