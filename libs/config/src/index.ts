export { describeConfig } from './describe-config.ts';
export { type Environment } from './environment.ts';
export { type Mistake } from './mistake.ts';
export { parseRuntimeConfig, type RuntimeConfigSource } from './parse-runtime-config.ts';
export {
  secretValues,
  type CcxtSourceConfig,
  type EnvSecret,
  type RetentionConfig,
  type RuntimeConfig,
  type SandboxSourceConfig,
  type SourceConfig,
  type SourceCredentials,
} from './runtime-config.ts';
export { type EnvProxy } from './proxy-environment.ts';
export { runtimeConfigJsonSchema, type RuntimeConfigText } from './runtime-schema.ts';
export { Secret } from './secret.ts';
