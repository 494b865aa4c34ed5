import { isTimeframe, MISSED_POLICIES, parseSymbolEntry, TASK_STATUSES } from '@kairos/domain';
import { z } from 'zod';
import type { MessageCode } from './messages.ts';
import type { Params } from './render.ts';
import { readTime } from './wire-time.ts';

/**
 * The building blocks of every signal's schema. They check and never transform, so a field that passes stands in the
 * signal as it was sent. Each names the rule it stands for by a code of the message table, packed by `rule`.
 */
export const rule = (code: MessageCode, params: Params = {}): string => JSON.stringify([code, params]);

/** The rule packed into a schema's error text; undefined where the text is zod's own. */
export function unpackRule(text: string): { readonly code: string; readonly params: Params } | undefined {
  if (!text.startsWith('[')) return undefined;
  const [code, params] = JSON.parse(text) as [string, Params];
  return { code, params };
}

const IDENTIFIER = /^(?=.*[\p{L}\p{N}])[\p{L}\p{N}._-]+$/u;
const SYMBOL = /^(?=.*[\p{L}\p{N}])[\p{L}\p{N}/:._-]+$/u;
const SYMBOL_ENTRY = /^(?=.*[\p{L}\p{N}*!])[\p{L}\p{N}/:._*!-]+$/u;
const REALM = /^[\p{L}\p{N}/:._[\]-]+$/u;
const FINDING_CODE = /^[a-z][a-z0-9_]*$/;
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

const isNfc = (text: string): boolean => text.normalize('NFC') === text;

const text = (max: number): z.ZodString =>
  z
    .string({ error: rule('string') })
    .min(1, { error: rule('required') })
    .max(max, { error: rule('too_long', { max }) })
    .refine((value) => value.trim() !== '', { error: rule('required') });

const named = (pattern: RegExp, code: MessageCode, max: number): z.ZodString =>
  text(max)
    .regex(pattern, { error: rule(code) })
    .refine(isNfc, { error: rule(code) });

const printable = (max: number): z.ZodString =>
  text(max).refine((value) => !UNPRINTABLE.test(value), { error: rule('printable') });

const intBetween = (min: number, max: number): z.ZodInt => {
  const error = rule('int_between', { min, max });
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const oneOf = <const T extends readonly string[]>(options: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(options, { error: rule('one_of', { options: options.join(', ') }) });

const timeRule = (value: unknown): string => {
  const time = readTime(value);
  return rule('problem' in time ? time.problem : 'time_invalid');
};

export const MAX_SYMBOLS = 1_000;
export const MAX_LIST = 1_000;
export const MAX_ROWS = 10_000;
export const DEFAULT_LIST = 100;
export const DEFAULT_ROWS = 1_000;

export const identifier = named(IDENTIFIER, 'identifier', 64);
export const symbol = named(SYMBOL, 'symbol', 64).describe(
  "An instrument as a person or the source writes it: 'BTCUSDT', 'BTC/USDT', 'BTC/USDT:USDT'.",
);
export const realm = named(REALM, 'realm', 128).describe(
  "Which world the data are from, e.g. 'live' or 'sandbox:7'. Default: the source's configured one.",
);
export const timeframe = text(8)
  .refine(isTimeframe, { error: rule('timeframe_invalid') })
  .describe('A length of time: 1m, 5m, 1h, 1d, 1w, 1M and their like.');
export const time = z
  .union([z.string(), z.number()], { error: rule('time_invalid') })
  .refine((value) => 'ms' in readTime(value), { error: (issue) => timeRule(issue.input) })
  .describe('ISO-8601 text (without a zone: UTC) or epoch milliseconds.');
export const derive = z
  .union([z.boolean(), timeframe], { error: rule('derive_invalid') })
  .describe(
    'Candles of a frequency that is not stored, made of stored finer ones: true of the longest that divides it, a frequency of that one. Default false.',
  );

const entryRule = (value: unknown): string => {
  const entry = parseSymbolEntry(String(value));
  return rule(entry.kind === 'wrong' ? entry.problem : 'symbol');
};

/** What `symbols` of a task may hold. Names are judged as `symbol` is; `*` and `!` make selectors and exclusions. */
export const symbolEntry = text(64)
  .regex(SYMBOL_ENTRY, { error: rule('symbol'), abort: true })
  .refine(isNfc, { error: rule('symbol'), abort: true })
  .refine((value) => parseSymbolEntry(value).kind !== 'wrong', { error: (issue) => entryRule(issue.input) })
  .describe(
    "An instrument, 'BTCUSDT' or 'BTC/USDT'; a selector, '*/USDT', 'BTC/*', '*/USDT:USDT' or 'top:50:USDT'; an exclusion, '!*UP/USDT'.",
  );
export const symbols = z
  .array(symbolEntry, { error: rule('array') })
  .min(1, { error: rule('required') })
  .max(MAX_SYMBOLS, { error: rule('too_many', { max: MAX_SYMBOLS }) });
export const schedule = printable(256).describe(
  "When it runs: 'rate(5 minutes)', 'cron(0 18 ? * MON-FRI *)' or 'at(2026-12-31T18:00:00)'. Default: at each close of the frequency.",
);
export const timezone = printable(64).describe(
  "IANA zone in which cron() and at() are read, e.g. 'Asia/Shanghai'. Default: UTC.",
);
export const flag = z.boolean({ error: rule('boolean') });
export const cursor = printable(2_000).describe('The next_cursor of the answer before.');
export const listLimit = intBetween(1, MAX_LIST).describe(`Entries in the answer; default ${DEFAULT_LIST}.`);
export const rowLimit = intBetween(1, MAX_ROWS).describe(`Rows in the answer; default ${DEFAULT_ROWS}.`);
export const status = oneOf(TASK_STATUSES);
export const searchText = text(256)
  .refine((value) => !/\p{Cs}/u.test(value), { error: rule('printable') })
  .describe(
    'Words that must all occur in task id, project, dataset, source, data type, frequency or symbols, or in the description, function, task type or name of a declared task.',
  );
export const reason = printable(200).describe('Kept with the run.');
export const requestId = printable(128).describe(
  'A name of this request: the same name again does nothing twice.',
);
export const revision = intBetween(0, Number.MAX_SAFE_INTEGER).describe(
  'Refused unless the task is at this revision.',
);

export const findingCode = named(FINDING_CODE, 'finding_code', 64).describe(
  "Only findings of this kind, e.g. 'off_grid'.",
);

/** Fields of `config`. */
export const batchSize = intBetween(1, 10_000_000).describe(
  'At most so many records uncommitted; never the page size of the venue.',
);
export const historyDays = intBetween(1, 20_000).describe(
  'Without start_time: so many days before the creation; default 30.',
);
export const missed = oneOf(MISSED_POLICIES).describe(
  'What becomes of slots that passed while nothing ran; default once.',
);
export const retries = intBetween(0, 20).describe('Attempts of one run beyond the first; default 5.');
export const price = oneOf(['last', 'mark', 'index']).describe(
  'Which price candles are made of; default last.',
);
export const confirmLarge = flag.describe('Allows more than 50 million planned records.');
