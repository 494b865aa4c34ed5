import type { BruteSlots, Meaning } from './week-slots.ts';
import { behaviourOf, type Command, type ScriptedTask, type Week } from './week-script.ts';

/** What became of a slot. Where the clock was put back, a slot comes again, and has an outcome each time. */
export type SlotOutcome = 'ran' | 'coalesced' | 'missed' | 'stopped';

export interface Prediction {
  readonly outcomes: ReadonlyMap<number, readonly SlotOutcome[]>;
  readonly status: string;
  /** Starts of runs, tries again among them. */
  readonly starts: number;
}

const LEASE_MS = 180_000;
const SKEW_MS = 5_000;
const RENEWED_BELOW_MS = 20_000;
const LONGEST_LEASE_MS = 900_000;
const GRACE_MS = 60_000;
const DOUBT_MS = 600_000;

interface Run {
  readonly kind: 's' | 'm';
  readonly slot: number;
  attempt: number;
  failures: number;
  /** Null: waits. */
  until: number | null;
  notBefore: number;
  startedAt: number;
  /** Steps that its worker still has to go; null: its worker is gone. */
  steps: number | null;
  /** Last slot that it stands for beside its own. */
  skippedTo: number;
}

/** The rules of slots, leases and policies, told again in the plainest way for one task: no store, no races. */
class Model {
  readonly #week: Week;
  readonly #task: ScriptedTask;
  readonly #brute: BruteSlots;
  readonly outcomes = new Map<number, SlotOutcome[]>();
  starts = 0;
  status: 'running' | 'stopped' | 'completed' | 'failed' = 'running';
  #meaning: Meaning;
  #slots: readonly number[];
  #cursor: number;
  #nextDue: number;
  #run: Run | undefined;

  constructor(week: Week, task: ScriptedTask, brute: BruteSlots) {
    this.#week = week;
    this.#task = task;
    this.#brute = brute;
    this.#meaning = task.meaning;
    this.#slots = brute.slots(task.meaning, week.from);
    this.#cursor = week.from - 1;
    this.#nextDue = this.#next(this.#cursor);
  }

  #note(slot: number, outcome: SlotOutcome): void {
    this.outcomes.set(slot, [...(this.outcomes.get(slot) ?? []), outcome]);
  }

  /** Infinity: beyond the span, or never. */
  #next(after: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#slots[middle] ?? 0) <= after) low = middle + 1;
      else high = middle;
    }
    return this.#slots[low] ?? Infinity;
  }

  #between(after: number, before: number): readonly number[] {
    const found: number[] = [];
    for (let slot = this.#next(after); slot < before; slot = this.#next(slot)) found.push(slot);
    return found;
  }

  /** Only a one-off ever ends. */
  #isSpent(): boolean {
    return this.#meaning.kind === 'at' && this.#next(this.#cursor) === Infinity;
  }

  #pass(now: number, outcome: SlotOutcome): void {
    for (const slot of this.#between(this.#cursor, now)) {
      this.#note(slot, outcome);
      this.#cursor = slot;
    }
  }

  command(what: Command, now: number): void {
    if (what === 'stop' || what === 'disable' || what === 'withdraw') {
      if (this.status === 'completed') return;
      this.status = 'stopped';
      this.#run = undefined;
      this.#nextDue = Infinity;
    } else if (what === 'reschedule') this.#reschedule(now);
    else if (what === 'content') this.#newContent(now);
    else if (this.status === 'stopped') this.#start(now, what === 'start');
  }

  #start(now: number, atOnce: boolean): void {
    this.status = 'running';
    this.#pass(now, 'stopped');
    this.#nextDue = this.#next(this.#cursor);
    if (!atOnce || this.#nextDue <= now) return;
    this.#run = waiting('m', now, now);
    this.#nextDue = now;
  }

  #reschedule(now: number): void {
    const epoch = this.#cursor > now + DOUBT_MS ? now : Math.max(now, this.#cursor + 1);
    const isActive = this.status === 'running';
    this.#pass(Math.min(now, epoch), isActive ? 'coalesced' : 'stopped');
    this.#run = undefined;
    this.#meaning = this.#task.other;
    this.#slots = this.#brute.slots(this.#meaning, epoch);
    this.#cursor = Math.min(this.#cursor, epoch - 1);
    this.status = 'running';
    this.#nextDue = this.#next(this.#cursor);
  }

  /** A job: what runs begins anew, and otherwise nothing happens before the next slot. */
  #newContent(now: number): void {
    if (this.status === 'failed') {
      this.status = 'running';
      this.#start(now, false);
    }
    if (!this.#run) return;
    this.#run = { ...this.#run, failures: 0, until: null, notBefore: now, steps: null };
    this.#nextDue = now;
  }

  /** A minute in the life of its worker. */
  work(now: number): void {
    const run = this.#run;
    if (!run || run.until === null || run.steps === null) return;
    if (run.until - now < RENEWED_BELOW_MS) {
      run.until = now + LEASE_MS;
      this.#nextDue = run.until;
    }
    run.steps -= 1;
    if (run.steps <= 0) this.#end(run, now);
  }

  crash(): void {
    if (this.#run && this.#run.until !== null) this.#run.steps = null;
  }

  tick(now: number): void {
    if (this.#nextDue <= now) this.look(now);
  }

  /** A look that nothing hangs on but what it finds to do. */
  look(now: number): void {
    const run = this.#run;
    if (!run) {
      if (this.status === 'running') this.#startNext(now);
      return;
    }
    if (run.until !== null) {
      if (now < run.until + SKEW_MS && run.until <= now + LONGEST_LEASE_MS + SKEW_MS) return;
    } else if (run.notBefore > now && run.startedAt <= now + SKEW_MS) {
      if (this.#next(this.#sound(now)) <= now) this.#startNext(now);
      return;
    }
    const cursor = this.#sound(now);
    this.#cursor = run.kind === 's' ? Math.max(cursor, run.slot, run.skippedTo) : cursor;
    this.#begin({ ...run, attempt: run.attempt + 1 }, now);
  }

  /** A cursor beyond the next slot is that of a clock that was put back since. */
  #sound(now: number): number {
    return this.#cursor > this.#next(now) ? now : this.#cursor;
  }

  #startNext(now: number): void {
    this.#run = undefined;
    this.#cursor = this.#sound(now);
    const passed = this.#between(this.#cursor, now + 1);
    const last = passed.at(-1);
    if (last === undefined) {
      this.#rest();
      return;
    }
    const { missed } = this.#task;
    const isLate = now - last > GRACE_MS;
    const slot = missed === 'all' ? passed[0] : missed === 'skip' && isLate ? undefined : last;
    const others = missed === 'all' ? [] : passed.filter((s) => s !== slot);
    for (const other of others) this.#note(other, missed === 'skip' ? 'missed' : 'coalesced');
    this.#cursor = Math.max(this.#cursor, slot ?? last);
    if (slot === undefined) {
      this.#rest();
      return;
    }
    this.#note(slot, 'ran');
    this.#begin({ ...waiting('s', slot, now), skippedTo: others.at(-1) ?? 0 }, now);
  }

  #rest(): void {
    if (this.#isSpent()) this.status = 'completed';
    this.#nextDue = this.#next(this.#cursor);
  }

  #begin(run: Run, now: number): void {
    const { id } = this.#task;
    const { steps } = behaviourOf(this.#week.seed, { id, ...run });
    this.starts += 1;
    this.#run = { ...run, until: now + LEASE_MS, startedAt: now, steps };
    this.#nextDue = now + LEASE_MS;
    if (steps === 0) this.#end(this.#run, now);
  }

  #end(run: Run, now: number): void {
    const { fails } = behaviourOf(this.#week.seed, { id: this.#task.id, ...run });
    if (fails && run.failures < this.#task.retries) {
      const wait = Math.min(300_000, 5_000 * 2 ** run.attempt) / 2;
      this.#run = { ...run, failures: run.failures + 1, until: null, notBefore: now + wait, steps: null };
      this.#nextDue = Math.min(now + wait, this.#next(this.#cursor));
      return;
    }
    this.#run = undefined;
    if (this.#isSpent()) this.status = fails ? 'failed' : 'completed';
    this.#nextDue = this.#next(this.#cursor);
  }
}

const waiting = (kind: Run['kind'], slot: number, now: number): Run => ({
  kind,
  slot,
  attempt: 0,
  failures: 0,
  until: null,
  notBefore: now,
  startedAt: now,
  steps: null,
  skippedTo: 0,
});

/** What becomes of every slot of a task, by the script alone. */
export function predict(week: Week, task: ScriptedTask, brute: BruteSlots): Prediction {
  const model = new Model(week, task, brute);
  for (const [i, step] of week.steps.entries()) {
    if (step.down) {
      model.crash();
      continue;
    }
    const command = task.commands.get(i);
    if (command) model.command(command, step.now);
    model.work(step.now);
    if (step.begins || step.back) model.look(step.now);
    model.tick(step.now);
  }
  return { outcomes: model.outcomes, status: model.status, starts: model.starts };
}
