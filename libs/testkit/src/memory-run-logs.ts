import type { LoggedLine, RunLogFilter, RunLogLine, RunLogs } from '@kairos/ports';

const matches = (p: RunLogFilter, line: LoggedLine): boolean =>
  p.runId === undefined || line.runId === p.runId;

/** Logs of runs that are kept until the process ends; for tests. */
export class MemoryRunLogs implements RunLogs {
  readonly #lines = new Map<string, LoggedLine[]>();
  #waiting: (() => void)[] = [];

  append(p: { readonly taskId: string; readonly runId: string; readonly line: RunLogLine }): void {
    const lines = this.#lines.get(p.taskId) ?? [];
    lines.push({ ...p.line, runId: p.runId });
    this.#lines.set(p.taskId, lines);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  read(p: RunLogFilter & { readonly limit: number }): Promise<readonly LoggedLine[]> {
    const found = (this.#lines.get(p.taskId) ?? []).filter((line) => matches(p, line));
    return Promise.resolve(p.limit > 0 ? found.slice(-p.limit) : []);
  }

  async *follow(
    p: RunLogFilter & { readonly last: number; readonly signal: AbortSignal },
  ): AsyncIterable<LoggedLine> {
    let at = this.#lines.get(p.taskId)?.length ?? 0;
    yield* await this.read({ ...p, limit: p.last });
    while (!p.signal.aborted) {
      const lines = this.#lines.get(p.taskId) ?? [];
      const fresh = lines.slice(at).filter((line) => matches(p, line));
      at = lines.length;
      yield* fresh;
      if (fresh.length === 0) await this.#change(p.signal);
    }
  }

  /** Resolves with the next line of any task, or when the signal aborts. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, resolve];
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
