import { hash53, type MissedPolicy } from '@kairos/domain';
import type { Meaning, Wall } from './week-slots.ts';

const MINUTE = 60_000;

/** Chance that is a function of its name. */
export const chanceOf = (...name: readonly (string | number)[]): number => hash53(name.join(':')) / 2 ** 53;

/** What a person or the file does to a task. `reschedule`: its other schedule; `content`: the same one, other params. */
export type Command =
  'stop' | 'start' | 'disable' | 'enable' | 'withdraw' | 'return' | 'reschedule' | 'content';

export interface ScriptedTask {
  readonly id: string;
  readonly declared: boolean;
  readonly missed: MissedPolicy;
  readonly retries: number;
  readonly meaning: Meaning;
  /** What `reschedule` brings. */
  readonly other: Meaning;
  /** By the number of the step. */
  readonly commands: ReadonlyMap<number, Command>;
}

/**
 * A minute of the simulation as its clock shows it: where the clock is put, the minutes do not follow one another. `down`:
 * no process. `begins`: a process starts. `back`: the clock was put back.
 */
export interface Step {
  readonly now: number;
  readonly down: boolean;
  readonly begins: boolean;
  readonly back: boolean;
}

export interface Week {
  readonly seed: number;
  readonly from: number;
  readonly steps: readonly Step[];
  readonly tasks: readonly ScriptedTask[];
}

/** What a run does: so many steps, and then this. */
export interface Behaviour {
  readonly steps: number;
  readonly fails: boolean;
}

/** One run in twelve takes a while, one try in nine fails. */
export function behaviourOf(
  seed: number,
  run: { readonly id: string; readonly kind: string; readonly slot: number; readonly attempt: number },
): Behaviour {
  const name = [seed, run.id, run.kind, run.slot, run.attempt];
  const isLong = chanceOf('long', ...name) < 1 / 12;
  return {
    steps: isLong ? 1 + Math.floor(chanceOf('steps', ...name) * 40) : 0,
    fails: chanceOf('fails', ...name) < 1 / 9,
  };
}

export const ZONES = [
  'America/New_York',
  'Europe/London',
  'Asia/Shanghai',
  'Australia/Sydney',
  'UTC',
] as const;
const RATES = [7, 13, 30, 45, 60, 90, 240, 1_440] as const;

const pick = <T>(list: readonly [T, ...T[]], chance: number): T =>
  list[Math.floor(chance * list.length)] ?? list[0];

const rate = (minutes: number): Meaning => ({
  kind: 'rate',
  text: minutes === 60 ? 'rate(1 hour)' : minutes === 1_440 ? 'rate(1 day)' : `rate(${minutes} minutes)`,
  periodMs: minutes * MINUTE,
});

/** Cron expressions of every sort, with what they mean. Hours 0 to 3 are frequent: clocks are put on and back there. */
function cron(zone: string, chance: (what: string) => number): Meaning {
  const m = Math.floor(chance('minute') * 60);
  const h = chance('early') < 0.6 ? Math.floor(chance('hour') * 4) : Math.floor(chance('hour') * 24);
  const sorts: [[string, (w: Wall) => boolean], ...[string, (w: Wall) => boolean][]] = [
    [`${m} ${h} * * ? *`, (w) => w.minute === m && w.hour === h],
    [`${m} * * * ? *`, (w) => w.minute === m],
    ['0/15 * * * ? *', (w) => w.minute % 15 === 0],
    [`0/20 ${h}-23 * * ? *`, (w) => w.minute % 20 === 0 && w.hour >= h],
    [`${m} ${h} ? * MON-FRI *`, (w) => w.minute === m && w.hour === h && w.weekday >= 1 && w.weekday <= 5],
    [`${m} ${h} ? * SUN,SAT *`, (w) => w.minute === m && w.hour === h && w.weekday % 6 === 0],
    [`0,30 0-4 ? * SUN *`, (w) => w.minute % 30 === 0 && w.hour <= 4 && w.weekday === 0],
    [`${m} ${h} L * ? *`, (w) => w.minute === m && w.hour === h && w.day === w.daysInMonth],
    [`${m} ${h} ? * 1#1 *`, (w) => w.minute === m && w.hour === h && w.weekday === 0 && w.day <= 7],
    [`${m} 0/6 * * ? *`, (w) => w.minute === m && w.hour % 6 === 0],
  ];
  const [text, fits] = pick(sorts, chance('sort'));
  return { kind: 'cron', text: `cron(${text})`, zone, fits };
}

/** A one-off is written in UTC: zones are the crons' business. */
const at = (instant: number): Meaning => ({
  kind: 'at',
  text: `at(${new Date(instant).toISOString().slice(0, 19)})`,
  zone: 'UTC',
  instant,
});

function meaningOf(
  span: { from: number; minutes: number },
  declared: boolean,
  chance: (w: string) => number,
): Meaning {
  const sort = chance('meaning');
  if (sort < 0.3) return rate(pick(RATES, chance('rate')));
  if (sort < 0.38) return at(span.from + Math.floor(chance('at') * span.minutes) * MINUTE);
  if (sort < 0.46 && !declared) return { kind: 'closes', text: null, periodMs: 60 * MINUTE, delayMs: 2_000 };
  return cron(pick(ZONES, chance('zone')), chance);
}

/** Commands come in pairs, hours apart, while a process is there, and far from where the clock was put. */
function commandsOf(
  meaning: Meaning,
  declared: boolean,
  calm: (step: number) => boolean,
  p: { readonly steps: number; readonly chance: (what: string) => number },
): ReadonlyMap<number, Command> {
  const { chance, steps } = p;
  if (chance('commands') > 0.35 || meaning.kind === 'at') return new Map();
  const first = Math.floor((0.1 + chance('when') * 0.5) * steps);
  const last = first + 5 + Math.floor(chance('length') * 0.3 * steps);
  if (!calm(first) || !calm(last)) return new Map();
  const pairs: [[Command, Command], ...[Command, Command][]] = declared
    ? [
        ['disable', 'enable'],
        ['withdraw', 'return'],
        ['reschedule', 'content'],
        ['content', 'reschedule'],
      ]
    : [['stop', 'start']];
  const [a, b] = pick(pairs, chance('pair'));
  return new Map([
    [first, a],
    [last, b],
  ]);
}

/** The minutes of a span with restarts in them, and the clock put on and back. */
function stepsOf(seed: number, from: number, minutes: number): Step[] {
  const steps: Step[] = [];
  let now = from;
  let down = 0;
  for (let i = 0; now < from + minutes * MINUTE; i += 1) {
    const chance = chanceOf(seed, 'step', i);
    const quiet = i < 30;
    const begins = i === 0 || down === 1;
    down = Math.max(0, down - 1);
    let back = false;
    const isLate = now > from + (minutes - 120) * MINUTE;
    if (!quiet && !isLate && down === 0 && !begins) {
      // About ten restarts in a week, of up to an hour and a half, and the clock put on and back four times each.
      if (chance < 0.001) down = 1 + Math.floor(chanceOf(seed, 'down', i) * 90);
      else if (chance > 0.9996) now += (2 + Math.floor(chanceOf(seed, 'on', i) * 60)) * MINUTE;
      else if (chance > 0.9992) {
        now -= (2 + Math.floor(chanceOf(seed, 'back', i) * 9)) * MINUTE;
        back = true;
      }
    }
    steps.push({ now, down: down > 0, begins: begins && down === 0, back });
    now += MINUTE;
  }
  return steps;
}

/** A week, or what is asked for, out of a seed. */
export function weekOf(p: {
  readonly seed: number;
  readonly from: number;
  readonly minutes: number;
  readonly tasks: number;
}): Week {
  const steps = stepsOf(p.seed, p.from, p.minutes);
  const puts = steps.flatMap((s, i) => (s.back || s.now - (steps[i - 1]?.now ?? s.now) > MINUTE ? [i] : []));
  const calm = (i: number): boolean =>
    steps[i] !== undefined && !steps[i].down && puts.every((at) => i < at || i > at + 90);
  const tasks = Array.from({ length: p.tasks }, (_, i): ScriptedTask => {
    const id = `task-${i}`;
    const chance = (what: string): number => chanceOf(p.seed, id, what);
    const declared = i % 3 === 0;
    const meaning = meaningOf(p, declared, chance);
    const other = meaningOf(p, declared, (what) => chanceOf(p.seed, id, 'other', what));
    return {
      id,
      declared,
      missed: pick(['once', 'once', 'all', 'skip'], chance('missed')),
      retries: Math.floor(chance('retries') * 3),
      meaning,
      // Another schedule is one that is written otherwise.
      other: other.kind === 'at' || other.text === meaning.text ? rate(31) : other,
      commands: commandsOf(meaning, declared, calm, { steps: steps.length, chance }),
    };
  });
  return { seed: p.seed, from: p.from, steps, tasks };
}
