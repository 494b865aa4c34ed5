import { StoreError } from '@kairos/domain';

/** How the process or the machine fails around one call. */
export const CRASH_MODES = ['before', 'after', 'effect-then-error'] as const;
export type CrashMode = (typeof CRASH_MODES)[number];

/** Calls whose answer has a word for an outcome that nobody knows. */
const SWAPS: ReadonlySet<string> = new Set(['replace', 'putDue']);

/** The process is gone: every further call fails with this, and nothing of it has an effect. */
export class Died extends Error {
  constructor() {
    super('the process died');
    this.name = 'Died';
  }
}

/**
 * Counts the calls that pass through it, and makes one of them fail: `before` it takes effect or `after`, the process
 * dies; `effect-then-error`: it takes effect, the answer is lost, and the process lives on. A lost answer is told as the
 * port tells it: by an outcome where there is one, by an error else.
 */
export class CrashPlan {
  readonly names: string[] = [];
  readonly #at: number;
  readonly #mode: CrashMode;
  #dead = false;

  /** `at` counts from 1; 0 never fails. */
  constructor(at = 0, mode: CrashMode = 'before') {
    this.#at = at;
    this.#mode = mode;
  }

  get dead(): boolean {
    return this.#dead;
  }

  async pass<T>(name: string, call: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Died();
    this.names.push(name);
    if (this.names.length !== this.#at) return call();
    if (this.#mode === 'before') throw this.#die();
    await call();
    if (this.#mode === 'after') throw this.#die();
    if (SWAPS.has(name)) return { outcome: 'unknown' } as T;
    throw new StoreError('STORE_UNKNOWN_OUTCOME', `the answer of ${name} was lost`, { retryable: true });
  }

  #die(): Died {
    this.#dead = true;
    return new Died();
  }
}

/** The same object with every call of the named methods passing through the plan. */
export function throughPlan<T extends object>(
  target: T,
  plan: CrashPlan,
  methods: readonly (keyof T & string)[],
): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key, object);
      if (typeof value !== 'function') return value;
      const bound = value.bind(object) as (...args: unknown[]) => Promise<unknown>;
      if (!(methods as readonly (string | symbol)[]).includes(key)) return bound;
      return (...args: unknown[]) => plan.pass(String(key), () => bound(...args));
    },
  });
}
