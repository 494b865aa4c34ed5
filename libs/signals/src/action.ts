import type { Issue } from '@kairos/domain';
import type { Logger, SeriesQueries, TaskCommands, TaskQueries } from '@kairos/ports';
import type { z } from 'zod';
import type { KnownSources } from './check-task.ts';
import type { JsonObject } from './copy-input.ts';
import { settleFindings, type Findings, type Found } from './found.ts';
import type { Locale, MessageCode } from './messages.ts';
import { flatten, parseFields, type FlatSignal } from './parse-fields.ts';
import { say, sayIssue, type Params } from './render.ts';

export interface SignalHandlerDeps {
  readonly tasks: TaskCommands;
  readonly queries: TaskQueries;
  readonly series: SeriesQueries;
  readonly sources: KnownSources;
  readonly clock: { now(): number };
  /** Language of replies, unless a call asks for the other. */
  readonly locale: Locale;
  readonly log: Logger;
  readonly defaultRefetchReason?: string | undefined;
  /** What every changing reply should warn of, e.g. that the store is not durable. */
  readonly warnings?: (() => readonly string[]) | undefined;
}

/** What travels with one signal. */
export interface ActionContext {
  readonly deps: SignalHandlerDeps;
  readonly locale: Locale;
  readonly now: number;
  /** The door's own id of the delivery, where it has one. */
  readonly deliveryId: string | undefined;
  /** Adds a warning to the reply. */
  warn(code: MessageCode, params?: Params): void;
  /** Adds what another room remarks about a field. */
  remark(field: string, remark: Pick<Issue, 'code' | 'params'>): void;
  say(code: MessageCode, params?: Params): string;
}

export type ReplyData = Readonly<Record<string, unknown>>;

export type ActionAnswer = { readonly refused: Findings } | { readonly data: ReplyData };

/** One action of the wire, from plain JSON to the data of its reply. Nothing is asked of a service while anything is wrong. */
export interface Action {
  answer(input: JsonObject, context: ActionContext): Promise<ActionAnswer>;
}

export interface ActionParts<S extends z.ZodObject> {
  readonly schema: S;
  /** Fields of the task may stand inside `config`. */
  readonly configurable?: boolean;
  /**
   * Judges the good fields together, also while others are wrong; `sent` holds all that were sent. Paths as at the top
   * level.
   */
  readonly check?: (good: Partial<z.infer<S>>, context: ActionContext, sent: JsonObject) => readonly Issue[];
  readonly run: (signal: z.infer<S>, context: ActionContext) => Promise<ReplyData>;
}

/** Points findings at `config.x` where the field was written there. */
function placed(item: Found, inConfig: ReadonlySet<string>): Found {
  const [head = ''] = item.issue.path.split('.');
  return inConfig.has(head) && item.issue.code !== 'unknown_key'
    ? { ...item, issue: { ...item.issue, path: `config.${item.issue.path}` } }
    : item;
}

const PLAIN: Omit<FlatSignal, 'fields'> = { inConfig: new Set(), found: [], hidden: 0 };

export function defineAction<S extends z.ZodObject>(parts: ActionParts<S>): Action {
  return {
    async answer(input, context) {
      const flat = parts.configurable ? flatten(input) : { ...PLAIN, fields: input };
      const parsed = parseFields(parts.schema, flat.fields);
      const judged = parts.check?.(parsed.good, context, flat.fields) ?? [];
      const top = [...parsed.found, ...judged.map((issue): Found => ({ issue }))];
      const all = [...top.map((item) => placed(item, flat.inConfig)), ...flat.found];
      if (all.length > 0 || parsed.signal === undefined) {
        return { refused: settleFindings(all, parsed.hidden + flat.hidden) };
      }
      return { data: await parts.run(parsed.signal, context) };
    },
  };
}

/** The context of one signal, and the warnings its action leaves. */
export function contextOf(
  deps: SignalHandlerDeps,
  p: Pick<ActionContext, 'locale' | 'deliveryId'>,
): { readonly context: ActionContext; readonly warnings: string[] } {
  const warnings: string[] = [];
  const context: ActionContext = {
    ...p,
    deps,
    now: deps.clock.now(),
    warn: (code, params) => warnings.push(say(code, p.locale, params)),
    remark: (field, { code, params }) => warnings.push(sayIssue(field, code, p.locale, params)),
    say: (code, params) => say(code, p.locale, params),
  };
  return { context, warnings };
}
