/** At most `width` tasks at once, in arrival order. */
export class Lanes {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(width: number) {
    this.#free = Math.max(1, width);
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * Works a growing list with `width` workers: `work` may push more items. After the first rejection no new item is begun;
 * what is under way is awaited, then the rejection is passed on.
 */
export async function workThrough<T>(
  items: T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let failed = false;
  let failure: unknown;
  let busy = 0;
  const idle: (() => void)[] = [];
  const worker = async (): Promise<void> => {
    for (;;) {
      const item = failed ? undefined : items.shift();
      if (item === undefined) {
        if (busy === 0 || failed) return;
        await new Promise<void>((resolve) => idle.push(resolve));
        continue;
      }
      busy += 1;
      try {
        await work(item);
      } catch (error) {
        if (!failed) failure = error;
        failed = true;
      } finally {
        busy -= 1;
        for (const wake of idle.splice(0)) wake();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
  if (failed) throw failure;
}
