import { contextOf, type Action, type ActionContext, type SignalHandlerDeps } from './action.ts';
import { copyInput, type JsonObject } from './copy-input.ts';
import { expectedFailure, internalFailure } from './failures.ts';
import { found, settleFindings, type Found } from './found.ts';
import { LOCALES, type Locale } from './messages.ts';
import { MAX_SIGNAL_BYTES, readText } from './read-text.ts';
import { clip } from './render.ts';
import { failureReply, invalid, success, type SignalReply } from './reply.ts';
import { SIGNAL_ACTIONS, type SignalAction } from './schemas.ts';
import * as series from './series-actions.ts';
import * as tasks from './task-actions.ts';

export interface SignalOptions {
  readonly locale?: Locale | undefined;
  /** The door's id of this delivery: stands in for a missing `request_id`, so a late duplicate cannot double a run. */
  readonly deliveryId?: string | undefined;
}

export interface SignalHandler {
  /** Answers a value that has been parsed already. Never rejects. */
  handle(input: unknown, options?: SignalOptions): Promise<SignalReply>;
  /** Answers raw JSON text, whose size and depth are checked before it is parsed. Never rejects. */
  handleText(text: string | Uint8Array, options?: SignalOptions): Promise<SignalReply>;
}

const ACTIONS: Readonly<Record<SignalAction, Action>> = {
  create_task: tasks.createTask,
  update_task: tasks.updateTask,
  delete_task: tasks.deleteTask,
  list_tasks: tasks.listTasks,
  search_tasks: tasks.searchTasks,
  get_task_status: tasks.getTaskStatus,
  start_task: tasks.startTask,
  stop_task: tasks.stopTask,
  run_task: tasks.runTask,
  list_runs: tasks.listRuns,
  get_coverage: series.getCoverage,
  list_findings: series.listFindings,
  query_data: series.queryData,
  refetch: series.refetch,
};

/** Actions whose replies carry the deployment's standing warnings. */
const CHANGING: ReadonlySet<string> = new Set<SignalAction>([
  'create_task',
  'update_task',
  'start_task',
  'run_task',
  'refetch',
]);

const isAction = (name: string): name is SignalAction => Object.hasOwn(ACTIONS, name);

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** The action a signal names, or what is wrong with the name. */
function readAction(input: JsonObject): SignalAction | Found {
  const name = input['action'];
  if (isBlank(name)) return found('action', 'required');
  if (typeof name !== 'string') return found('action', 'string');
  if (isAction(name)) return name;
  const params = { got: name, options: SIGNAL_ACTIONS.join(', ') };
  return { ...found('action', 'unknown_action', params), got: name, among: SIGNAL_ACTIONS };
}

/** The door: every input gets an envelope. One instance serves any number of calls at once. */
export function createSignalHandler(deps: SignalHandlerDeps): SignalHandler {
  const { log } = deps;
  const localeOf = (o: SignalOptions | undefined): Locale =>
    LOCALES.find((l) => l === o?.locale) ?? deps.locale;

  /** What was done is done: a warning that cannot be had must not turn it into a failure. */
  function standingWarnings(action: SignalAction): readonly string[] {
    try {
      return CHANGING.has(action) ? (deps.warnings?.() ?? []) : [];
    } catch {
      return [];
    }
  }

  async function dispatch(
    input: JsonObject,
    p: Pick<ActionContext, 'locale' | 'deliveryId'>,
  ): Promise<SignalReply> {
    const action = readAction(input);
    if (typeof action !== 'string') return invalid(settleFindings([action]), p.locale);
    const { context, warnings } = contextOf(deps, p);
    const answer = await ACTIONS[action].answer(input, context);
    if ('refused' in answer) return invalid(answer.refused, p.locale);
    return success(answer.data, [...new Set([...warnings, ...standingWarnings(action)])]);
  }

  function failed(error: unknown, action: unknown, locale: Locale): SignalReply {
    try {
      const reply = expectedFailure(error, locale);
      const fields = { action: typeof action === 'string' ? clip(action) : undefined, error };
      if (reply === undefined) log.error('signal.failed', fields);
      else if (reply.status >= 500) log.warn('signal.store_unavailable', fields);
      return reply ?? internalFailure(locale);
    } catch {
      // A log that throws, an error that cannot be read: the sender still gets an answer.
      return internalFailure(locale);
    }
  }

  const tooLarge = (locale: Locale): SignalReply =>
    failureReply({
      status: 413,
      head: 'head_too_large',
      code: 'TOO_LARGE',
      locale,
      params: { max: MAX_SIGNAL_BYTES },
    });

  async function handle(input: unknown, options?: SignalOptions): Promise<SignalReply> {
    const locale = localeOf(options);
    const copy = copyInput(input);
    if ('tooLarge' in copy) return tooLarge(locale);
    if ('found' in copy) return invalid(settleFindings(copy.found), locale);
    try {
      return await dispatch(copy.object, { locale, deliveryId: options?.deliveryId });
    } catch (error) {
      return failed(error, copy.object['action'], locale);
    }
  }

  async function handleText(text: string | Uint8Array, options?: SignalOptions): Promise<SignalReply> {
    const locale = localeOf(options);
    const read = readText(text);
    if ('tooLarge' in read) return tooLarge(locale);
    if ('found' in read) return invalid(settleFindings(read.found), locale);
    return handle(read.value, options);
  }

  return { handle, handleText };
}
