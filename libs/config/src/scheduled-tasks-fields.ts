import {
  dataTypeIds,
  DEFAULT_TASK_CONFIG,
  isTimeframe,
  MAX_SERIES,
  MISSED_POLICIES,
  parseSymbolEntry,
  type JsonValue,
} from '@kairos/domain';
import { z } from 'zod';
import { FORBIDDEN_NAMES } from './runtime-schema.ts';
import type { ProblemParams } from './scheduled-tasks-problem.ts';
import { runtimeOf } from './scheduled-tasks-runtime.ts';
import type { ProblemCode } from './scheduled-tasks-texts.ts';
import { writtenTime } from './scheduled-tasks-time.ts';

/**
 * The file of scheduled tasks as it is written. The schemas check and never transform; each rule names itself by a code of
 * the table of texts, packed into the library's error text.
 */
const rule = (code: ProblemCode, params: ProblemParams = {}): string => JSON.stringify([code, params]);

/** The rule packed into a schema's error text; undefined where the text is the library's own. */
export function unpackedRule(
  text: string,
): { readonly code: ProblemCode; readonly params: ProblemParams } | undefined {
  if (!text.startsWith('[')) return undefined;
  const [code, params] = JSON.parse(text) as [ProblemCode, ProblemParams];
  return { code, params };
}

export const MAX_TASKS = 10_000;
const MAX_SYMBOLS = MAX_SERIES;

/** Control, surrogate, line-separator and text-direction characters: they make a line of a log or a list lie. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const FUNCTION = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const IDENTIFIER = /^(?=.*[\p{L}\p{N}])[\p{L}\p{N}._-]+$/u;
const SYMBOL = /^(?=.*[\p{L}\p{N}*!])[\p{L}\p{N}/:._*!-]+$/u;

const text = z.string({ error: rule('text') });
const isNfc = (value: string): boolean => value.normalize('NFC') === value;
const printable = (min: number, max: number) =>
  text
    .min(min, { error: rule('text_length', { max }) })
    .max(max, { error: rule('text_length', { max }) })
    .refine((value) => !UNPRINTABLE.test(value), { error: rule('text_unprintable') });
const wholeNumber = (min: number, max: number) => {
  const error = rule('whole_number', { min, max });
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const flag = z.boolean({ error: rule('flag') });
const oneOf = <const T extends readonly string[]>(options: T) =>
  z.enum(options, { error: rule('one_of', { options: options.join(', ') }) });
const allowedName = (value: string): boolean => !FORBIDDEN_NAMES.has(value);
const named = (pattern: RegExp, code: ProblemCode) =>
  text
    .regex(pattern, { error: rule(code), abort: true })
    .refine(allowedName, { error: rule('forbidden_name') });
const identifier = text
  .max(64, { error: rule('text_length', { max: 64 }), abort: true })
  .regex(IDENTIFIER, { error: rule('identifier'), abort: true })
  .refine(isNfc, { error: rule('identifier') });
const time = z
  .union([z.string(), z.number()], { error: rule('time') })
  .refine((value) => writtenTime(value) !== undefined, { error: rule('time') });
const symbol = text
  .max(64, { error: rule('text_length', { max: 64 }), abort: true })
  .regex(SYMBOL, { error: rule('symbol'), abort: true })
  .refine((value) => isNfc(value) && parseSymbolEntry(value).kind !== 'wrong', { error: rule('symbol') });

const common = {
  name: named(NAME, 'name').meta({
    title: 'Name',
    description: 'The id of the task; unique in the file. Renaming it makes another task.',
  }),
  description: printable(0, 1_000)
    .default('')
    .meta({ title: 'Description', description: 'For people; shown in lists.' }),
  enabled: flag
    .default(true)
    .meta({ title: 'Enabled', description: 'false: the task is kept and stopped; it takes no runs.' }),
  timezone: printable(1, 64).default('UTC').meta({
    title: 'Time zone',
    description: 'IANA name of the zone in which cron(…) and at(…) are read, e.g. Asia/Shanghai.',
  }),
  missed: oneOf(MISSED_POLICIES).default(DEFAULT_TASK_CONFIG.missed).meta({
    title: 'Missed slots',
    description: 'What becomes of slots that passed while nothing ran: one run for all, a run each, or none.',
  }),
  retries: wholeNumber(0, 20)
    .default(DEFAULT_TASK_CONFIG.retries)
    .meta({ title: 'Retries', description: 'Attempts of one run beyond the first.' }),
};
const schedule = printable(1, 256);
const SCHEDULE_TITLE = 'Schedule';

/** Any JSON; the names and numbers in it are judged where the text is read. */
const params = z
  .record(
    z.string(),
    z.custom<JsonValue>(() => true),
    { error: rule('object') },
  )
  .default({})
  .meta({
    title: 'Parameters',
    description: 'Handed to the function as they stand. Secrets belong into the environment, never here.',
  });

const jobConfig = z
  .strictObject(
    {
      taskName: printable(1, 128)
        .optional()
        .meta({ title: 'Task name', description: 'Told to the function with each run; default: the name.' }),
      taskType: named(NAME, 'name').meta({
        title: 'Task type',
        description: 'Which of its task types the function shall run, e.g. simple_task_1.',
      }),
      timeout: wholeNumber(1, 900)
        .default(300)
        .meta({ title: 'Time-out', description: 'Longest run, in seconds; then it is ended.' }),
      memory: wholeNumber(128, 10_240)
        .default(512)
        .meta({ title: 'Memory', description: 'Memory of a run, in megabytes.' }),
    },
    { error: rule('object') },
  )
  .meta({ title: 'What is run, and its bounds' });

/** A task that runs a task type of a function. */
export const functionTaskSchema = z
  .strictObject({
    ...common,
    function: named(FUNCTION, 'function_name').meta({
      title: 'Function',
      description: 'Module in the folder of functions, without its ending, e.g. python_crawler.',
    }),
    runtime: text
      .refine((value) => runtimeOf(value) !== undefined, { error: rule('runtime_unknown') })
      .meta({
        title: 'Runtime',
        description: 'python3.11 or later, nodejs22.x or later, or python or nodejs alone.',
        examples: ['python3.11', 'nodejs22.x'],
      }),
    schedule: schedule.meta({
      title: SCHEDULE_TITLE,
      description: 'When it runs: rate(5 minutes), cron(0 18 * * ? *) or at(2026-12-24T18:00:00).',
      examples: ['rate(5 minutes)', 'cron(0 18 * * ? *)', 'at(2026-12-24T18:00:00)'],
    }),
    params,
    config: jobConfig,
  })
  .meta({ title: 'A task that runs a function' });

/** Fields of the documented shape that a collect task may carry though they mean nothing for it. */
const idle = { description: 'Means nothing for a collect task.' };

/** A task that collects market data. */
export const collectTaskSchema = z
  .strictObject({
    ...common,
    source: identifier.meta({
      title: 'Source',
      description: 'Where data come from: a source of the runtime configuration, or an exchange of ccxt.',
    }),
    symbols: z
      .array(symbol, { error: rule('list') })
      .min(1, { error: rule('list_length', { max: MAX_SYMBOLS }) })
      .max(MAX_SYMBOLS, { error: rule('list_length', { max: MAX_SYMBOLS }) })
      .meta({
        title: 'Symbols',
        description:
          'Instruments (BTCUSDT, BTC/USDT), selectors (*/USDT, BTC/*, top:50:USDT) and exclusions (!*UP/USDT).',
      }),
    frequency: text
      .refine(isTimeframe, { error: rule('timeframe') })
      .meta({ title: 'Frequency', description: 'A length of time: 1m, 5m, 1h, 1d, 1w, 1M and their like.' }),
    data_type: z
      .enum(dataTypeIds(), { error: rule('data_type_unknown', { options: dataTypeIds().join(', ') }) })
      .default('kline')
      .meta({ title: 'Kind of data' }),
    project_id: identifier.default('default').meta({ title: 'Project' }),
    dataset: identifier
      .optional()
      .meta({ title: 'Dataset', description: 'Name of the group of series; default: the name of the task.' }),
    start_time: time
      .optional()
      .meta({ title: 'Start', description: 'ISO-8601 text (without a zone: UTC) or epoch milliseconds.' }),
    end_time: time
      .optional()
      .meta({ title: 'End', description: 'Exclusive; without it the task goes on for ever.' }),
    history_days: wholeNumber(1, 20_000).default(DEFAULT_TASK_CONFIG.historyDays).meta({
      title: 'History',
      description: 'Without start_time: so many days before the task is first seen.',
    }),
    batch_size: wholeNumber(1, 10_000_000)
      .optional()
      .meta({ title: 'Batch size', description: 'At most so many records uncommitted.' }),
    price: oneOf(['last', 'mark', 'index']).default(DEFAULT_TASK_CONFIG.price).meta({
      title: 'Price',
      description: 'Which price candles are made of.',
    }),
    schedule: schedule
      .optional()
      .meta({ title: SCHEDULE_TITLE, description: 'When it runs; default: at each close of the frequency.' }),
    function: text.optional().meta(idle),
    runtime: text.optional().meta(idle),
    config: z
      .strictObject(
        {
          taskType: z.literal('collect', { error: rule('one_of', { options: 'collect' }) }),
          taskName: text.optional().meta(idle),
          timeout: wholeNumber(1, 900).optional().meta(idle),
          memory: wholeNumber(128, 10_240).optional().meta(idle),
        },
        { error: rule('object') },
      )
      .optional()
      .meta({ title: 'May say that this is a collect task' }),
  })
  .meta({ title: 'A task that collects market data' });

export type FunctionTaskText = z.output<typeof functionTaskSchema>;
export type CollectTaskText = z.output<typeof collectTaskSchema>;
/** A task as it is written, everything optional left out or not. */
export type ScheduledTaskText = z.input<typeof functionTaskSchema> | z.input<typeof collectTaskSchema>;

const fileSchema = z.strictObject({
  $schema: z.string().optional().meta({ description: 'Address of this schema, for editors.' }),
  tasks: z.array(z.union([functionTaskSchema, collectTaskSchema])).max(MAX_TASKS),
});

/** JSON Schema of the file, for editors. Rules across fields and the grammar of schedules are not in it. */
export function scheduledTasksJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(fileSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  return {
    ...schema,
    title: 'Kairos scheduled tasks',
    description: 'Tasks declared in config/scheduled-tasks.json. Comments and trailing commas are allowed.',
    allowTrailingCommas: true,
  };
}
