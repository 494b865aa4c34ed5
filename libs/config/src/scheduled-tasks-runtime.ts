import type { JobLanguage } from '@kairos/domain';

/** A runtime as it is written in the file, and as it runs. */
export interface NamedRuntime {
  readonly language: JobLanguage;
  /** As a cloud that still offers it names it. */
  readonly runtime: string;
  /** What was written is offered no more, and another took its place. */
  readonly deprecated: boolean;
}

/** What stands in for runtimes whose support has ended. AWS's table of Lambda runtimes, 2026-11. */
const NODE = 'nodejs22.x';
const OLDEST_NODE = 22;
const PYTHON = 'python3.11';
const OLDEST_PYTHON = 11;

const NODE_NAME = /^nodejs(?:([1-9]\d?)\.x)?$/;
const PYTHON_NAME = /^python(?:(?:3(?:\.([1-9]\d?))?))?$/;

/** The runtime of this name; undefined for a language or version that cannot run. */
export function runtimeOf(written: string): NamedRuntime | undefined {
  const node = NODE_NAME.exec(written);
  if (node) {
    const deprecated = node[1] !== undefined && Number(node[1]) < OLDEST_NODE;
    const runtime = node[1] === undefined || deprecated ? NODE : written;
    return { language: 'nodejs', runtime, deprecated };
  }
  const python = PYTHON_NAME.exec(written);
  if (!python) return undefined;
  const deprecated = python[1] !== undefined && Number(python[1]) < OLDEST_PYTHON;
  const runtime = python[1] === undefined || deprecated ? PYTHON : written;
  return { language: 'python', runtime, deprecated };
}

/** The runtime that a wrong name most likely means. */
export const runtimeMeant = (written: string): string =>
  /^\s*p/i.test(written) ? PYTHON : /^\s*(n|j)/i.test(written) ? NODE : `${PYTHON} / ${NODE}`;
