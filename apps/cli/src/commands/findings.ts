import { printable, type Work } from '../command.ts';
import { textOf, wholeOf } from '../options.ts';
import { outOf } from '../terminal/display.ts';
import { count } from '../terminal/figures.ts';
import { painter } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { answer, within, type Data } from './ask.ts';
import { dataAt, listAt, textAt, timeAt } from './data.ts';
import { seriesSignal } from './series-words.ts';
import { HEADS, phrase } from './task-words.ts';

/** What a finding says besides, in one line. */
const detailOf = (finding: Data): string => {
  const detail = finding['detail'];
  return detail === undefined || detail === null
    ? ''
    : printable(typeof detail === 'string' ? detail : JSON.stringify(detail));
};

/** `kairos findings SOURCE SYMBOL TIMEFRAME`: what was found odd, newest first. */
export const findings: Work = (call) => {
  const signal = {
    action: 'list_findings',
    ...seriesSignal(call),
    code: textOf(call, 'code'),
    limit: wholeOf(call, 'limit', { min: 1, max: 1_000 }),
    cursor: textOf(call, 'cursor'),
  };
  return within(call, (entrance) =>
    answer(call, entrance, signal, (data) => {
      const { language } = entrance;
      const told = listAt(data, 'findings');
      if (told.length === 0) return [phrase('noFindings', language)];
      const display = outOf(call.terminal);
      const counts = Object.entries(dataAt(data, 'counts') ?? {}).map(
        ([code, n]) => `${printable(code)} ${count(Number(n))}`,
      );
      const cursor = textAt(data, 'next_cursor');
      const shown = table({
        columns: [
          { head: HEADS.at[language] },
          { head: HEADS.code[language] },
          { head: HEADS.found[language] },
          { head: HEADS.detail[language], least: 20 },
        ],
        rows: told.map((f) => [timeAt(f, 'ts'), textAt(f, 'code'), timeAt(f, 'at'), detailOf(f)]),
        width: display.width,
        head: painter(display),
      });
      return [
        counts.join(', '),
        '',
        ...shown,
        ...(cursor === '' ? [] : ['', phrase('goOn', language, { cursor })]),
      ];
    }),
  );
};
