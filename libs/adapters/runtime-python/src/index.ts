export { PythonRuntime } from './python-runtime.ts';
export { type FunctionStatus, type PythonRuntimeOptions, type PythonStatus } from './options.ts';
export { lookForPython, type Interpreter, type InterpreterLook } from './interpreter.ts';
export { type Environment } from '@kairos/runtime-common';
export { wireCall } from './messages.ts';
