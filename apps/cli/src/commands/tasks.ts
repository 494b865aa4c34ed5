import { UsageError, EXIT, printable, type Call, type ExitCode, type Work } from '../command.ts';
import { flagOf, instantOf, listOf, textOf, wholeOf } from '../options.ts';
import { outOf } from '../terminal/display.ts';
import { answer, refusal, said, within, type Data, type Entrance, type Signal } from './ask.ts';
import { dataAt, listAt, numberAt, textAt } from './data.ts';
import { manySeries } from './series-words.ts';
import { progressTable, taskLines, tasksTable } from './task-tables.ts';
import { phrase } from './task-words.ts';

/** Everything of a task that an option can say. */
function taskFields(call: Call): Signal {
  return {
    project_id: textOf(call, 'project'),
    dataset: textOf(call, 'dataset'),
    data_type: textOf(call, 'type'),
    start_time: instantOf(call, 'start'),
    end_time: instantOf(call, 'end'),
    history_days: wholeOf(call, 'days', { min: 0, max: 36_500 }),
    schedule: textOf(call, 'schedule'),
    batch_size: wholeOf(call, 'batchSize', { min: 1, max: 1_000_000 }),
    price: textOf(call, 'price'),
    confirm_large: flagOf(call, 'confirmLarge') || undefined,
  };
}

const filters = (call: Call): Signal => ({
  status: textOf(call, 'status'),
  source: textOf(call, 'source'),
  project_id: textOf(call, 'project'),
  dataset: textOf(call, 'dataset'),
  data_type: textOf(call, 'type'),
  limit: wholeOf(call, 'limit', { min: 1, max: 1_000 }),
  cursor: textOf(call, 'cursor'),
});

const message = (data: Data): string[] => [`${textAt(data, 'task_id')}: ${textAt(data, 'message')}`];

/** Without a server nothing happens by itself. */
function tellIfIdle(call: Call, { door, language }: Entrance, id: string): void {
  if (door.kind === 'store') call.terminal.err(phrase('noServer', language, { id }));
}

const create: Work = (call) => {
  const { source, symbols, timeframes } = manySeries(call);
  const [frequency] = timeframes;
  if (timeframes.length > 1)
    throw new UsageError({
      en: 'a task has one timeframe; create one task for each',
      zh: '一个任务只有一个周期；请为每个周期各建一个任务',
    });
  const fields = taskFields(call);
  const type = fields['data_type'] ?? 'kline';
  const signal = {
    action: 'create_task',
    task_id: textOf(call, 'id'),
    ...fields,
    project_id: fields['project_id'] ?? 'default',
    dataset: fields['dataset'] ?? `${source}-${String(type)}`,
    data_type: type,
    source,
    symbols,
    frequency,
  };
  return within(
    call,
    async (entrance) => {
      let id = '';
      const code = await answer(call, entrance, signal, (data) => {
        id = textAt(data, 'task_id');
        return message(data);
      });
      if (code === EXIT.ok && id !== '') tellIfIdle(call, entrance, id);
      return code;
    },
    { create: true },
  );
};

function listed(call: Call, entrance: Entrance, data: Data, none: 'noTasks' | 'noneFound'): string[] {
  const { language } = entrance;
  const tasks = listAt(data, 'tasks');
  if (tasks.length === 0) return [phrase(none, language)];
  const total = numberAt(data, 'total');
  const cursor = textAt(data, 'next_cursor');
  const more = [
    ...(total > tasks.length
      ? [phrase('ofTotal', language, { shown: String(tasks.length), total: String(total) })]
      : []),
    ...(cursor === '' ? [] : [phrase('goOn', language, { cursor })]),
  ];
  const shown = tasksTable(tasks, language, outOf(call.terminal));
  return more.length > 0 ? [...shown, '', ...more] : shown;
}

const list: Work = (call) =>
  within(call, (entrance) =>
    answer(call, entrance, { action: 'list_tasks', ...filters(call) }, (data) =>
      listed(call, entrance, data, 'noTasks'),
    ),
  );

const search: Work = (call) =>
  within(call, (entrance) => {
    const signal = { action: 'search_tasks', query: call.words.join(' '), ...filters(call) };
    return answer(call, entrance, signal, (data) => listed(call, entrance, data, 'noneFound'));
  });

const show: Work = (call) =>
  within(call, (entrance) => {
    const signal = { action: 'get_task_status', task_id: call.words[0] };
    return answer(call, entrance, signal, (data) => taskLines(data, entrance.language, outOf(call.terminal)));
  });

const update: Work = (call) => {
  const signal = {
    action: 'update_task',
    task_id: call.words[0],
    ...taskFields(call),
    source: textOf(call, 'source'),
    symbols: listOf(call, 'symbols'),
    frequency: textOf(call, 'timeframe'),
    expected_rev: wholeOf(call, 'rev', { min: 1, max: 1e12 }),
  };
  return within(call, (entrance) => answer(call, entrance, signal, message));
};

const plain =
  (action: string): Work =>
  (call) =>
    within(call, (entrance) => answer(call, entrance, { action, task_id: call.words[0] }, message));

const run: Work = (call) =>
  within(call, async (entrance) => {
    const { door } = entrance;
    const id = call.words[0] ?? '';
    const reply = await door.send({ action: 'run_task', task_id: id });
    if (!reply.body.success) return refusal(reply, call);
    const { data } = reply.body;
    if (door.workRun) return runHere(call, entrance, { id, runId: textAt(data, 'run_id') });
    if (flagOf(call, 'json')) call.terminal.out(JSON.stringify(data));
    else for (const line of message(data)) call.terminal.out(line);
    return EXIT.ok;
  });

/** Works the run in this process, to its end, and tells what became of it. */
async function runHere(
  call: Call,
  { door, language }: Entrance,
  p: { readonly id: string; readonly runId: string },
): Promise<ExitCode> {
  const { terminal } = call;
  const signal = terminal.interruption?.() ?? new AbortController().signal;
  const display = outOf(terminal);
  if (!flagOf(call, 'json')) terminal.err(phrase('working', language));
  await door.workRun?.({
    taskId: p.id,
    runId: p.runId,
    signal,
    onProgress: ({ status }) =>
      terminal.block?.(progressTable(listAt(status, 'progress'), language, terminal.display?.err ?? display)),
  });
  terminal.block?.([]);
  const reply = await door.send(said({ action: 'get_task_status', task_id: p.id }));
  if (!reply.body.success) return refusal(reply, call);
  const { data } = reply.body;
  if (flagOf(call, 'json')) terminal.out(JSON.stringify(data));
  else for (const line of taskLines(data, language, display)) terminal.out(line);
  if (signal.aborted) {
    terminal.err(phrase('handedOver', language, { id: printable(p.id) }));
    return EXIT.interrupted;
  }
  const last = dataAt(data, 'last_run');
  return textAt(last, 'outcome') === 'succeeded' ? EXIT.ok : EXIT.found;
}

const COMMANDS: Readonly<Record<string, Work>> = {
  create,
  list,
  show,
  search,
  update,
  delete: plain('delete_task'),
  start: plain('start_task'),
  stop: plain('stop_task'),
  run,
};

/** The work of `kairos tasks NAME`. */
export function taskCommand(name: string): Work {
  const work = COMMANDS[name];
  if (!work) throw new UsageError({ en: `tasks: there is no ${name}`, zh: `tasks：没有 ${name}` });
  return work;
}
