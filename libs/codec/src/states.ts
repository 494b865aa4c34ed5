import { COVERAGE_STATES, type CoverageRun } from '@kairos/domain';
import { ByteReader, ByteWriter } from './bytes.ts';
import { corrupt, guarded, seal, unseal, type FrameFormat } from './frame.ts';
import { readTexts, writeTexts } from './texts.ts';

/** States always stand beside a chunk or in a typed field, so they need no magic of their own. */
export const STATES_FORMAT: FrameFormat = { what: 'list of states', magic: [], version: 1 };

const TEXTS = ['reason', 'evidence', 'error'] as const;
const COUNTS = ['grade', 'attempts'] as const;
const TIMES = ['at', 'nextTryAt'] as const;
const FACTS = [...TEXTS, ...COUNTS, ...TIMES] as const;
type Fact = (typeof FACTS)[number];

/** Bits of a run's head word: three of state, then one for each fact it has. */
const STATE_BITS = 8;
const bitOf = (fact: Fact): number => STATE_BITS << FACTS.indexOf(fact);

/** Spans in milliseconds that all bounds of a list are often multiples of, widest first. */
const UNITS = [86_400_000, 3_600_000, 60_000, 1000, 1] as const;

const MAX_TIME = 2 ** 52;
const MAX_TEXTS = 2 ** 20;

function exact(
  run: CoverageRun,
  field: 'from' | 'to' | Exclude<Fact, 'reason' | 'evidence' | 'error'>,
): number {
  const value = run[field] ?? 0;
  if (!Number.isInteger(value) || Math.abs(value) > MAX_TIME)
    throw new RangeError(`a run's ${field} is ${value}`);
  return value;
}

function textsOf(runs: readonly CoverageRun[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const run of runs) {
    for (const field of TEXTS) {
      const text = run[field];
      if (text !== undefined && !places.has(text)) places.set(text, places.size);
    }
  }
  return places;
}

function writeRun(out: ByteWriter, run: CoverageRun, texts: ReadonlyMap<string, number>): void {
  const state = COVERAGE_STATES.indexOf(run.state);
  if (state < 0) throw new RangeError(`no coverage state: ${run.state}`);
  out.varint(FACTS.reduce((head, fact) => head + (run[fact] === undefined ? 0 : bitOf(fact)), state));
  for (const fact of TEXTS) {
    const text = run[fact];
    if (text !== undefined) out.varint(texts.get(text) ?? 0);
  }
  for (const fact of COUNTS) if (run[fact] !== undefined) out.signed(exact(run, fact));
  for (const fact of TIMES) if (run[fact] !== undefined) out.signed(exact(run, fact) - run.to);
}

/**
 * Compact bytes of ordered coverage runs; one plain run costs 14. @throws RangeError on a bound or count that is no
 * integer.
 */
export function encodeStates(runs: readonly CoverageRun[]): Uint8Array {
  const out = new ByteWriter(32 + runs.length * 8);
  const texts = textsOf(runs);
  if (texts.size > MAX_TEXTS) throw new RangeError(`${texts.size} texts in one list of states`);
  const bounds = runs.flatMap((run) => [exact(run, 'from'), exact(run, 'to')]);
  const unitAt = UNITS.findIndex((unit) => bounds.every((bound) => bound % unit === 0));
  const unit = UNITS[unitAt] ?? 1;
  out.byte(unitAt + (texts.size > 0 ? UNITS.length : 0));
  out.varint(runs.length);
  if (texts.size > 0) {
    out.varint(texts.size);
    writeTexts(out, [...texts.keys()], 'packed');
  }
  let before = 0;
  for (const run of runs) {
    out.signed((run.from - before) / unit);
    out.signed((run.to - run.from) / unit);
    writeRun(out, run, texts);
    before = run.to;
  }
  return seal(STATES_FORMAT, out.view());
}

type Facts = { -readonly [F in Fact]?: CoverageRun[F] };

function readFacts(input: ByteReader, head: number, to: number, texts: readonly string[]): Facts {
  const facts: Facts = {};
  const has = (fact: Fact): boolean => (head & bitOf(fact)) !== 0;
  for (const fact of TEXTS) {
    if (!has(fact)) continue;
    const text = texts[input.varint()];
    if (text === undefined) throw corrupt('a text is not in its dictionary');
    facts[fact] = text;
  }
  for (const fact of COUNTS) if (has(fact)) facts[fact] = input.signed();
  for (const fact of TIMES) if (has(fact)) facts[fact] = to + input.signed();
  return facts;
}

function readStates(input: ByteReader): CoverageRun[] {
  const kind = input.byte();
  const unit = UNITS[kind % UNITS.length] ?? 1;
  if (kind >= 2 * UNITS.length) throw corrupt('an unknown unit of time');
  const count = input.varint(input.left);
  const texts = kind >= UNITS.length ? readTexts(input, input.varint(MAX_TEXTS)) : [];
  const runs: CoverageRun[] = [];
  let before = 0;
  for (let i = 0; i < count; i += 1) {
    const from = before + input.signed() * unit;
    const to = from + input.signed() * unit;
    const head = input.varint((STATE_BITS << FACTS.length) - 1);
    const state = COVERAGE_STATES[head % STATE_BITS];
    if (state === undefined) throw corrupt('an unknown coverage state');
    runs.push({ from, to, state, ...readFacts(input, head, to, texts) });
    before = to;
  }
  input.end();
  return runs;
}

/** The runs again, fact for fact. @throws StoreError `STORE_CORRUPT` or `STORE_NEWER`, never another error. */
export function decodeStates(bytes: Uint8Array): CoverageRun[] {
  return guarded(() => readStates(new ByteReader(unseal(STATES_FORMAT, bytes))));
}
