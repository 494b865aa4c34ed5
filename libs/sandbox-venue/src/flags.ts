import { parseArgs } from 'node:util';
import { DIALECTS } from './dialects/index.ts';
import { everyFault, FAULT_KINDS, isFaultKind } from './faults/plan.ts';
import type { FaultPlan, FaultRule } from './faults/plan.ts';
import { DEFAULT_SYMBOLS } from './synthetic/symbols.ts';
import { fixedClock } from './venue.ts';
import type { SandboxVenueOptions } from './venue.ts';

const OPTIONS = {
  dialects: { type: 'boolean' },
  host: { type: 'string' },
  port: { type: 'string' },
  seed: { type: 'string' },
  recording: { type: 'string' },
  id: { type: 'string' },
  symbols: { type: 'string' },
  clock: { type: 'string' },
  'latency-ms': { type: 'string' },
  'weight-limit': { type: 'string' },
  fault: { type: 'string', multiple: true },
  'fault-seed': { type: 'string' },
  'max-lies': { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** Reads a whole number flag. Throws with the flag's name. */
function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} takes a whole number, not "${text}"`);
  return Number(text);
}

/** Reads an instant such as 2024-01-01T00:00:00Z. Throws if it is none. */
function instant(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new Error(`--clock takes an ISO 8601 instant, not "${text}"`);
  return at;
}

/** Reads `KIND` or `KIND:RATE`; `every` is all kinds. Throws with the kinds there are. */
function faultRules(text: string): readonly FaultRule[] {
  const [kind = '', rateText = '1'] = text.split(':');
  const rate = Number(rateText);
  if (!(rate >= 0 && rate <= 1)) throw new Error(`--fault takes a rate between 0 and 1, not "${rateText}"`);
  if (kind === 'every') return everyFault({ rate }).rules ?? [];
  if (!isFaultKind(kind)) throw new Error(`--fault takes every, ${FAULT_KINDS.join(', ')}, not "${kind}"`);
  return [{ kind, rate }];
}

function faultPlan(values: Values): FaultPlan {
  const { fault = [], 'fault-seed': seed, 'max-lies': most } = values;
  return {
    rules: fault.flatMap(faultRules),
    ...(seed === undefined ? {} : { seed }),
    ...(most === undefined ? {} : { maxLiesPerKey: wholeNumber('max-lies', most) }),
  };
}

/** So many symbols that nobody knows, `K0000USDT` onwards, beside those that a venue has anyway. */
const madeUp = (count: number): string[] => [
  ...DEFAULT_SYMBOLS.map(({ symbol }) => symbol),
  ...Array.from({ length: count }, (_, i) => `K${String(i).padStart(4, '0')}USDT`),
];

const folderName = (path: string): string => path.split('/').findLast((part) => part !== '') ?? path;
const weightLimit = (text: string): number | 'off' =>
  text === 'off' ? text : wholeNumber('weight-limit', text);

/** Reads the command line of the venue as a process. Throws with the flag that it cannot read. */
export function venueOptions(args: readonly string[]): SandboxVenueOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const { recording, clock, 'weight-limit': limit } = values;
  return {
    mode:
      recording === undefined
        ? {
            kind: 'synthetic',
            seed: values.seed ?? 'kairos',
            ...(values.symbols === undefined
              ? {}
              : { symbols: madeUp(wholeNumber('symbols', values.symbols)) }),
          }
        : { kind: 'recording', id: values.id ?? folderName(recording), dir: recording },
    host: values.host ?? '127.0.0.1',
    port: wholeNumber('port', values.port ?? '0'),
    latencyMs: wholeNumber('latency-ms', values['latency-ms'] ?? '0'),
    ...(clock === undefined ? {} : { clock: fixedClock(instant(clock)) }),
    ...(limit === undefined ? {} : { limits: { weightPerMinute: weightLimit(limit) } }),
    ...(values.dialects === true ? { dialects: DIALECTS } : {}),
    ...(values.fault === undefined ? {} : { faults: faultPlan(values) }),
  };
}
