import type { RuntimeConfig } from '@kairos/config';
import { runIdOf } from '@kairos/domain';
import { openHouse, type OpenHouse } from '../open-house.ts';
import type { Language, Terminal } from '../command.ts';
import { logsBeside } from '../run-logs.ts';
import { runtimesHere } from '../task-runtimes.ts';
import type { Door, RunProgress } from './door.ts';

/** How often a run that is worked here is looked at. */
const LOOK_MS = 500;

/** Works what a task wants done until the run is over. */
async function workRun(
  house: OpenHouse,
  p: {
    readonly taskId: string;
    readonly runId: string;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: RunProgress) => void;
  },
  statusOf: (taskId: string) => Promise<Readonly<Record<string, unknown>> | undefined>,
): Promise<void> {
  const { scheduler, tasks, clock } = house;
  const task = await tasks.get({ taskId: p.taskId });
  if (!task) return;
  const { uid } = task;
  const tell = async (): Promise<void> => {
    const status = await statusOf(p.taskId);
    if (status) p.onProgress({ taskId: p.taskId, status });
  };
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      await clock.sleep(LOOK_MS, watch.signal).catch(() => undefined);
      if (!watch.signal.aborted) await tell();
    }
  })();
  try {
    while (!p.signal.aborted) {
      const due = await tasks.getDue({ uid });
      const active = due?.active;
      if (!active || runIdOf(uid, active.kind, active.slot) !== p.runId) break;
      const hint = { v: 1 as const, uid, kind: active.kind, slot: active.slot, hop: active.hop };
      await scheduler.onHint(hint, { deadline: Infinity, signal: p.signal });
      // Held by another, or waiting for its time.
      if (!p.signal.aborted) await clock.sleep(LOOK_MS / 5, p.signal).catch(() => undefined);
    }
  } finally {
    watch.abort();
    await watching;
    await tell();
  }
}

/** The store itself, with the rooms over it. @throws ConfigError, StoreError */
export async function localDoor(p: {
  readonly config: RuntimeConfig;
  readonly path: string;
  readonly language: Language;
  readonly create: boolean;
  /** Of this process, for functions that run in it. */
  readonly env: Terminal['env'];
}): Promise<Door> {
  const runtimes = runtimesHere(p.env, p.config);
  const runLogs = logsBeside(p.path);
  const house = await openHouse({ ...p, jobs: { runtimes: runtimes.all, runLogs } });
  const options = { locale: p.language };
  return {
    kind: 'store',
    where: p.path,
    send: (signal) => house.signals.handle(signal, options),
    sendText: (text) => house.signals.handleText(text, options),
    async export({ onShare, derive, ...order }) {
      const { series, from, to, includeProvisional, realm } = { ...order, realm: order.series.realm };
      // The signal door says what is wrong with a question, in the reader's language.
      const asked = await house.signals.handle(
        {
          action: 'query_data',
          source: series.source,
          symbol: series.symbol,
          data_type: series.dataType,
          frequency: series.frequency,
          price: series.price,
          include_provisional: includeProvisional,
          limit: 1,
          ...{ from, to, realm, derive },
        },
        options,
      );
      if (!asked.body.success) return asked;
      return house.series.export({ ...order, derive, onProgress: (told) => onShare?.(told.share) });
    },
    workRun: (run) =>
      workRun(house, run, async (id) => {
        const { body } = await house.signals.handle({ action: 'get_task_status', task_id: id }, options);
        return body.success ? body.data : undefined;
      }),
    close: async () => {
      await house.close();
      await runtimes.close();
      await runLogs.flush();
    },
  };
}
