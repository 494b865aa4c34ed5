import {
  DEFAULT_TASK_CONFIG,
  LeaseLostError,
  NO_STATS,
  runIdOf,
  type RunRecord,
  type SkippedSlots,
  type TaskContent,
} from '@kairos/domain';
import type { RunContext, RunHandler, RunResult, WorkHint } from '@kairos/ports';
import { checkStore } from '@kairos/fsck';
import { Scheduler } from '@kairos/scheduler';
import {
  MemoryInspector,
  MemoryRunHistory,
  MemorySeriesStore,
  MemoryStore,
  MemoryTaskStore,
} from '@kairos/store-memory';
import { DeclaredTasks, TaskService } from '@kairos/tasks';
import { FakeClock, FakeIds, FakeWorkers, forEverySource, silentLogger } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { predict, type SlotOutcome } from './testing/week-oracle.ts';
import { behaviourOf, weekOf, type Command, type ScriptedTask, type Week } from './testing/week-script.ts';
import { BruteSlots, type Meaning } from './testing/week-slots.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Weeks in which clocks are put on or back, and a small form of them. */
const full = Number(process.env['KAIROS_TEST_WEEK_TASKS'] ?? 0);
const SPANS: readonly (readonly [string, string, number])[] =
  full > 0
    ? [
        ['New York puts its clocks on', '2026-03-07T12:00:00Z', 7],
        ['London puts its clocks on, and Sydney back', '2026-03-29T00:00:00Z', 7],
        ['London and then New York put theirs back', '2026-10-25T00:00:00Z', 7.5],
      ]
    : [
        ['London puts its clocks on', '2026-03-28T00:00:00Z', 3],
        ['New York puts its clocks back', '2026-10-31T00:00:00Z', 3],
      ];

const contentOf = (task: ScriptedTask, meaning: Meaning, params: number): TaskContent => ({
  handler: task.declared ? 'job' : 'collect',
  projectId: 'week',
  dataset: task.declared ? '' : 'd',
  dataType: task.declared ? '' : 'kline',
  source: task.declared ? '' : 'binance',
  symbols: task.declared ? [] : ['BTCUSDT'],
  frequency: '1h',
  startTime: null,
  endTime: null,
  schedule: meaning.text,
  timezone: meaning.kind === 'cron' ? meaning.zone : 'UTC',
  config: { ...DEFAULT_TASK_CONFIG, missed: task.missed, retries: task.retries },
  job: task.declared
    ? {
        function: 'nodejs_crawler',
        language: 'nodejs',
        runtime: 'nodejs22.x',
        taskType: 'simple_task_1',
        taskName: task.id,
        timeoutMs: 60_000,
        memoryMb: 128,
        params: { n: params },
      }
    : null,
});

/** An entry of the file: how a declared task is written in it now. */
interface Entry {
  meaning: Meaning;
  params: number;
  enabled: boolean;
  present: boolean;
}

function written(entry: Entry, task: ScriptedTask, command: Command): void {
  if (command === 'reschedule') entry.meaning = task.other;
  if (command === 'content') entry.params += 1;
  if (command === 'enable' || command === 'disable') entry.enabled = command === 'enable';
  if (command === 'return' || command === 'withdraw') entry.present = command === 'return';
}

/** A run under way: what it still has to do, and who waits for its end. */
interface UnderWay {
  readonly ctx: RunContext;
  steps: number;
  readonly fails: boolean;
  readonly end: (result: RunResult | Error) => void;
  work: Promise<unknown>;
}

const resultOf = (fails: boolean): RunResult => ({
  outcome: fails ? 'failed' : 'succeeded',
  stats: NO_STATS,
  complete: false,
  withUnavailable: false,
  healthReasons: fails ? ['no'] : [],
  ...(fails ? { error: { code: 'JOB_FAILED', message: 'no', permanent: false } } : {}),
});

/** The rooms over stores in memory, driven through a week minute by minute. */
class Simulation {
  readonly #week: Week;
  readonly clock: FakeClock;
  readonly store: MemoryTaskStore;
  readonly history: MemoryRunHistory;
  readonly service: TaskService;
  readonly #checked: { series: MemorySeriesStore; inspector: MemoryInspector };
  readonly #declared: DeclaredTasks;
  readonly #entries = new Map<string, Entry>();
  #scheduler: Scheduler | undefined;
  #processes = 0;
  #underWay = new Set<UnderWay>();
  #parked: (run: UnderWay) => void = () => undefined;
  readonly #hints: WorkHint[] = [];
  starts = 0;

  constructor(week: Week) {
    this.#week = week;
    this.clock = new FakeClock({ now: week.from });
    const data = new MemoryStore();
    this.store = new MemoryTaskStore(data);
    this.history = new MemoryRunHistory(data);
    const deps = { tasks: this.store, history: this.history, clock: this.clock, ids: new FakeIds(1) };
    const calendar = { id: 'always', expected: () => [], closedBefore: ({ now }: { now: number }) => now };
    const series = new MemorySeriesStore(data);
    this.#checked = { series, inspector: new MemoryInspector(data) };
    this.service = new TaskService({ ...deps, series, calendars: forEverySource(calendar) });
    this.#declared = new DeclaredTasks(deps);
  }

  async run(): Promise<void> {
    for (const task of this.#week.tasks)
      if (task.declared)
        this.#entries.set(task.id, { meaning: task.meaning, params: 0, enabled: true, present: true });
      else await this.service.create({ taskId: task.id, content: contentOf(task, task.meaning, 0) });
    await this.#bringIn();
    for (const [i, step] of this.#week.steps.entries()) {
      this.clock.set(step.now);
      if (step.down) this.#die();
      else await this.#minute(i, step);
    }
  }

  async #minute(i: number, step: Week['steps'][number]): Promise<void> {
    await this.#command(i);
    for (const run of [...this.#underWay]) await this.#advance(run);
    if (step.begins) this.#begin();
    if (step.begins || step.back) await this.#scheduler?.recover(step.now);
    await this.#deliver();
    await this.#scheduler?.tick(step.now);
    await this.#deliver();
  }

  /** The file as it now is, brought in. */
  async #bringIn(): Promise<void> {
    const declarations = this.#week.tasks.flatMap((task) => {
      const entry = this.#entries.get(task.id);
      if (!entry?.present) return [];
      const { enabled, meaning, params } = entry;
      return [{ taskId: task.id, description: '', enabled, content: contentOf(task, meaning, params) }];
    });
    await this.#declared.apply(await this.#declared.plan({ declarations }));
  }

  async #command(i: number): Promise<void> {
    let edited = false;
    for (const task of this.#week.tasks) {
      const command = task.commands.get(i);
      const entry = this.#entries.get(task.id);
      if (command && entry) {
        written(entry, task, command);
        edited = true;
      } else if (command === 'stop') await this.service.stop({ taskId: task.id });
      else if (command === 'start') await this.service.start({ taskId: task.id });
    }
    if (edited) await this.#bringIn();
  }

  #die(): void {
    this.#scheduler = undefined;
    this.#underWay = new Set();
  }

  #begin(): void {
    this.#processes += 1;
    const handler = (name: string): [string, RunHandler] => [name, { name, run: (ctx) => this.#handle(ctx) }];
    this.#scheduler = new Scheduler(
      {
        tasks: this.store,
        history: this.history,
        queue: {
          capabilities: { delayMs: 0, maxBytes: 0, deadLetter: false },
          send: async (hints) => void this.#hints.push(...hints),
          onHint: () => undefined,
          drain: async () => undefined,
        },
        clock: this.clock,
        // Delays of retries at their shortest: the oracle knows them.
        ids: { uid: () => 'none', nonce: () => `${this.#processes}-${this.starts}`, random: () => 0 },
        workers: new FakeWorkers(`process-${this.#processes}`),
        handlers: new Map([handler('collect'), handler('job')]),
        log: silentLogger,
      },
      { leaseMs: 180_000, maxPerTick: 10_000 },
    );
  }

  async #deliver(): Promise<void> {
    const limits = { deadline: Infinity, signal: new AbortController().signal };
    for (let hint = this.#hints.shift(); hint; hint = this.#hints.shift()) {
      let parked: UnderWay | undefined;
      const isParked = new Promise<void>((resolve) => {
        this.#parked = (run) => {
          parked = run;
          resolve();
        };
      });
      const work = this.#scheduler?.onHint(hint, limits) ?? Promise.resolve();
      await Promise.race([work, isParked]);
      if (parked) parked.work = work;
    }
  }

  #handle(ctx: RunContext): Promise<RunResult> {
    this.starts += 1;
    const { slot, kind, attempt } = ctx;
    const { steps, fails } = behaviourOf(this.#week.seed, { id: ctx.task.taskId, slot, kind, attempt });
    if (steps === 0) return Promise.resolve(resultOf(fails));
    return new Promise((resolve, reject) => {
      const end = (r: RunResult | Error): void => (r instanceof Error ? reject(r) : resolve(r));
      const run: UnderWay = { ctx, steps, fails, end, work: Promise.resolve() };
      this.#underWay.add(run);
      this.#parked(run);
    });
  }

  async #advance(run: UnderWay): Promise<void> {
    const lost = await run.ctx.ensure().then(
      () => undefined,
      (error: unknown) => (error instanceof LeaseLostError ? error : expect.fail(String(error))),
    );
    run.steps -= 1;
    if (!lost && run.steps > 0) return;
    this.#underWay.delete(run);
    run.end(lost ?? resultOf(run.fails));
    await run.work;
  }

  /** What the check of a store has to say at the end. */
  async violations(): Promise<string[]> {
    const clock = new FakeClock({ now: this.clock.now(), autoAdvance: true });
    const found: string[] = [];
    const stores = { ...this.#checked, tasks: this.store, history: this.history };
    for await (const v of checkStore({ ...stores, clock }))
      found.push(`${v.code} ${JSON.stringify(v.where)}`);
    return found;
  }

  async records(uid: string): Promise<readonly RunRecord[]> {
    const all: RunRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.history.list({ uid, limit: 1_000, cursor });
      all.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    return all;
  }
}

/** What the history says of every slot. Slots of a stretch are found among those of its schedule. */
function outcomesOf(
  records: readonly RunRecord[],
  slotsOf: (skipped: SkippedSlots) => readonly number[],
): ReadonlyMap<number, readonly SlotOutcome[]> {
  const found = new Map<number, SlotOutcome[]>();
  const note = (slot: number, outcome: SlotOutcome): void => {
    found.set(slot, [...(found.get(slot) ?? []), outcome]);
  };
  for (const r of [...records].sort((a, b) => a.fence - b.fence)) {
    expect(r.runId).toBe(runIdOf(r.uid, r.kind, r.slot));
    // Tries again repeat what their first one said.
    if (r.kind !== 's' || r.attempt > 0) continue;
    if (r.outcome !== 'skipped') note(r.slot, 'ran');
    if (!r.skipped) continue;
    const { from, to, n, reason } = r.skipped;
    const slots = slotsOf(r.skipped).filter((slot) => slot >= from && slot <= to);
    expect({ n: slots.length, from: slots[0], to: slots.at(-1) }).toEqual({ n, from, to });
    for (const slot of slots) note(slot, reason);
  }
  return found;
}

const sorted = (outcomes: ReadonlyMap<number, readonly SlotOutcome[]>): string[] =>
  [...outcomes]
    .sort(([a], [b]) => a - b)
    .map(([slot, all]) => `${new Date(slot).toISOString()} ${[...all].sort().join(' ')}`);

describe('a week of simulated time', () => {
  it.each(SPANS)(
    'in which %s: every slot has the one outcome that brute force predicts',
    async (_what, iso, days) => {
      const from = Date.parse(iso);
      const week = weekOf({ seed: 7, from, minutes: days * 24 * 60, tasks: full || 100 });
      const brute = new BruteSlots({ from, to: from + (days + 1) * DAY });
      const simulation = new Simulation(week);
      await simulation.run();
      const { steps } = week;
      expect(steps.filter((step) => step.begins).length, 'restarts').toBeGreaterThan(1);
      expect(steps.filter((step) => step.back).length, 'clock put back').toBeGreaterThan(0);
      expect(
        steps.filter((step, i) => step.now - (steps[i - 1]?.now ?? step.now) > MINUTE).length,
        'clock put on',
      ).toBeGreaterThan(0);

      const counts: Record<string, number> = { tasks: week.tasks.length, slots: 0, twice: 0, starts: 0 };
      for (const task of week.tasks) {
        const held = (await simulation.store.get({ taskId: task.id })) ?? expect.fail(`${task.id} is gone`);
        const first = brute.slots(task.meaning, from);
        const isOther = [...task.commands.values()].includes('reschedule');
        const second = isOther ? brute.slots(task.other, held.epochAt) : first;
        const slotsOf = ({ to }: SkippedSlots): readonly number[] => (to < held.epochAt ? first : second);
        const predicted = predict(week, task, brute);
        const real = outcomesOf(await simulation.records(held.uid), slotsOf);

        expect({ task: task.id, status: held.status, outcomes: sorted(real) }).toEqual({
          task: task.id,
          status: predicted.status,
          outcomes: sorted(predicted.outcomes),
        });
        for (const all of real.values()) {
          counts['slots'] = (counts['slots'] ?? 0) + 1;
          if (all.length > 1) counts['twice'] = (counts['twice'] ?? 0) + 1;
          for (const outcome of all) counts[outcome] = (counts[outcome] ?? 0) + 1;
        }
        counts['starts'] = (counts['starts'] ?? 0) + predicted.starts;
      }
      expect(simulation.starts).toBe(counts['starts']);
      for (const outcome of ['ran', 'coalesced', 'missed', 'stopped'])
        expect(counts[outcome], outcome).toBeGreaterThan(0);
      expect(await simulation.violations()).toEqual([]);
      if (full > 0) process.stdout.write(`${iso} ${JSON.stringify(counts)}\n`);
    },
    600_000,
  );
});
