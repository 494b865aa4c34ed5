import type { Work } from '../command.ts';
import { textOf, wholeOf } from '../options.ts';
import { outOf } from '../terminal/display.ts';
import { answer, within } from './ask.ts';
import { listAt, textAt } from './data.ts';
import { runsTable } from './task-tables.ts';
import { phrase } from './task-words.ts';

/** `kairos runs TASK`: what became of its runs, newest first. */
export const runs: Work = (call) =>
  within(call, (entrance) => {
    const { language } = entrance;
    const signal = {
      action: 'list_runs',
      task_id: call.words[0],
      limit: wholeOf(call, 'limit', { min: 1, max: 1_000 }),
      cursor: textOf(call, 'cursor'),
    };
    return answer(call, entrance, signal, (data) => {
      const told = listAt(data, 'runs');
      if (told.length === 0) return [phrase('noRuns', language)];
      const cursor = textAt(data, 'next_cursor');
      const shown = runsTable(told, language, outOf(call.terminal));
      return cursor === '' ? shown : [...shown, '', phrase('goOn', language, { cursor })];
    });
  });
