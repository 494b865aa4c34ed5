import { z } from 'zod';
import * as f from './fields.ts';
import { rule } from './fields.ts';

/** What a task collects; `update_task` may change any of it. */
const subject = {
  project_id: f.identifier,
  dataset: f.identifier,
  data_type: f.identifier.describe("Kind of record, as the source offers it: 'kline', 'ticker'."),
  source: f.identifier.describe("Where the data are fetched, e.g. 'binance'."),
  symbols: f.symbols,
  frequency: f.timeframe,
};

const span = {
  start_time: f.time.nullish(),
  end_time: f.time.nullish(),
  schedule: f.schedule.nullish(),
  timezone: f.timezone.nullish(),
};

const settings = {
  batch_size: f.batchSize.nullish(),
  history_days: f.historyDays.nullish(),
  missed: f.missed.nullish(),
  retries: f.retries.nullish(),
  price: f.price.nullish(),
  confirm_large: f.confirmLarge.nullish(),
};

const optionalSubject = z.object(subject).partial().shape;
const changedSettings = {
  batch_size: settings.batch_size,
  history_days: f.historyDays.optional(),
  missed: f.missed.optional(),
  retries: f.retries.optional(),
  price: f.price.optional(),
  confirm_large: f.confirmLarge.optional(),
};

const config = z
  .strictObject({ ...settings, ...optionalSubject, ...span }, { error: rule('object') })
  .nullish()
  .describe(
    'Settings; any other field of the task may stand here too, if it does not contradict the one above.',
  );

const action = <const A extends string>(name: A): { readonly action: z.ZodLiteral<A> } => ({
  action: z.literal(name),
});
const request = { request_id: f.requestId.nullish() };
const oneTask = { task_id: f.identifier };
const page = { limit: f.listLimit.nullish(), cursor: f.cursor.nullish() };
const filters = {
  project_id: f.identifier.nullish(),
  status: f.status.nullish(),
  dataset: f.identifier.nullish(),
  data_type: f.identifier.nullish(),
  source: f.identifier.nullish(),
};
const oneSeries = {
  source: f.identifier,
  symbol: f.symbol,
  data_type: f.identifier,
  frequency: f.timeframe,
  realm: f.realm.nullish(),
  price: f.price.nullish(),
};

/** The one source of truth of what each signal may hold; the published JSON Schema is derived from it. */
export const SIGNAL_SCHEMAS = {
  create_task: z.strictObject({
    ...action('create_task'),
    task_id: f.identifier.nullish().describe('Default: a hash of the content.'),
    ...subject,
    ...span,
    ...settings,
    config,
    ...request,
  }),
  update_task: z.strictObject({
    ...action('update_task'),
    ...oneTask,
    ...optionalSubject,
    ...span,
    ...changedSettings,
    config,
    expected_rev: f.revision.nullish(),
    ...request,
  }),
  delete_task: z.strictObject({ ...action('delete_task'), ...oneTask, ...request }),
  list_tasks: z.strictObject({ ...action('list_tasks'), ...filters, ...page }),
  search_tasks: z.strictObject({ ...action('search_tasks'), query: f.searchText, ...filters, ...page }),
  get_task_status: z.strictObject({ ...action('get_task_status'), ...oneTask }),
  start_task: z.strictObject({ ...action('start_task'), ...oneTask, ...request }),
  stop_task: z.strictObject({ ...action('stop_task'), ...oneTask, ...request }),
  run_task: z.strictObject({ ...action('run_task'), ...oneTask, ...request }),
  list_runs: z.strictObject({ ...action('list_runs'), ...oneTask, ...page }),
  get_coverage: z.strictObject({
    ...action('get_coverage'),
    ...oneSeries,
    derive: f.derive.nullish(),
    from: f.time.nullish(),
    to: f.time.nullish(),
  }),
  list_findings: z.strictObject({
    ...action('list_findings'),
    ...oneSeries,
    code: f.findingCode.nullish(),
    from: f.time.nullish(),
    to: f.time.nullish(),
    ...page,
  }),
  query_data: z.strictObject({
    ...action('query_data'),
    ...oneSeries,
    derive: f.derive.nullish(),
    from: f.time.nullish(),
    to: f.time.nullish(),
    limit: f.rowLimit.nullish(),
    cursor: f.cursor.nullish(),
    include_provisional: f.flag.nullish().describe('Also rows that may still change; default false.'),
  }),
  refetch: z.strictObject({
    ...action('refetch'),
    ...oneSeries,
    from: f.time,
    to: f.time,
    reason: f.reason.nullish(),
    ...request,
  }),
} as const;

export type SignalAction = keyof typeof SIGNAL_SCHEMAS;
export type Signal<A extends SignalAction> = z.infer<(typeof SIGNAL_SCHEMAS)[A]>;

/** Every action, in the order of the documentation. */
export const SIGNAL_ACTIONS = Object.keys(SIGNAL_SCHEMAS) as readonly SignalAction[];

/** Fields that may stand at the top level or inside `config`. */
export const TASK_FIELDS: readonly string[] = Object.keys({ ...subject, ...span, ...settings });
