import { EXIT, type Call, type ExitCode, type Work } from '../command.ts';
import { SHOWN, type CoverageTold, type Shown, type Stretch } from '../coverage/model.ts';
import { picture } from '../coverage/picture.ts';
import { flagOf, wholeOf } from '../options.ts';
import { outOf } from '../terminal/display.ts';
import { refusal, said, tellWarnings, within, type Data, type Entrance, type Signal } from './ask.ts';
import { dataAt, listAt, numberAt, textAt } from './data.ts';
import { deriveOf, seriesSignal } from './series-words.ts';

const stateOf = (range: Data): Stretch['state'] | undefined => {
  const state = textAt(range, 'state');
  return state === 'pending' ? state : SHOWN.find((shown) => shown === state);
};

function stretchesOf(data: Data): Stretch[] {
  const grades = new Map(
    listAt(data, 'evidence').map((e) => [textAt(e, 'id'), numberAt(e, 'grade')] as const),
  );
  return listAt(data, 'ranges').flatMap((r) => {
    const state = stateOf(r);
    if (state === undefined) return [];
    return {
      from: Date.parse(textAt(r, 'from')),
      to: Date.parse(textAt(r, 'to')),
      state,
      reason: textAt(r, 'reason'),
      error: textAt(r, 'error'),
      grade: grades.get(textAt(r, 'evidence')) ?? 0,
    };
  });
}

/** What a reply to `get_coverage` tells. */
export function toldBy(data: Data): CoverageTold {
  const series = dataAt(data, 'series') ?? {};
  const counts = Object.fromEntries(SHOWN.map((state) => [state, numberAt(data, state)])) as Record<
    Shown,
    number
  >;
  return {
    source: textAt(series, 'source'),
    symbol: textAt(series, 'instrument').replace(/^[^:]*:/, ''),
    timeframe: textAt(series, 'frequency'),
    dataType: textAt(series, 'data_type'),
    realm: textAt(series, 'realm'),
    stretches: stretchesOf(data),
    expected: numberAt(data, 'expected'),
    counts,
    findings: numberAt(dataAt(data, 'findings') ?? {}, 'total'),
    derivedFrom: textAt(data, 'derived_from'),
  };
}

/** Long lists come in pieces; counts are always of the whole. */
async function allRanges(entrance: Entrance, signal: Signal, first: Data): Promise<Data> {
  let whole: Data = first;
  for (let from = textAt(first, 'next_from'); from !== '';) {
    const { body } = await entrance.door.send(said({ ...signal, from }));
    if (!body.success) break;
    const ranges = [...listAt(whole, 'ranges'), ...listAt(body.data, 'ranges')];
    const evidence = [...listAt(whole, 'evidence'), ...listAt(body.data, 'evidence')];
    whole = { ...whole, ranges, evidence };
    from = textAt(body.data, 'next_from');
  }
  return whole;
}

const DEFAULT_GAPS = 20;

/** `kairos coverage SOURCE SYMBOL TIMEFRAME`: what is there, as a picture. */
export const coverage: Work = (call) => {
  const signal = { action: 'get_coverage', ...seriesSignal(call), derive: deriveOf(call) };
  const gaps = wholeOf(call, 'gaps', { min: 0, max: 1_000_000 }) ?? DEFAULT_GAPS;
  return within(call, async (entrance): Promise<ExitCode> => {
    const { body, ...reply } = await entrance.door.send(said(signal));
    if (!body.success) return refusal({ ...reply, body }, call);
    if (flagOf(call, 'json')) {
      call.terminal.out(JSON.stringify(body.data));
      return EXIT.ok;
    }
    tellWarnings(body.data, call, entrance.language);
    const told = toldBy(await allRanges(entrance, signal, body.data));
    for (const line of drawing(call, told, entrance.language, gaps)) call.terminal.out(line);
    return EXIT.ok;
  });
};

function drawing(call: Call, told: CoverageTold, language: 'en' | 'zh', gaps: number): string[] {
  const display = outOf(call.terminal);
  const unicode = display.unicode && !flagOf(call, 'ascii');
  return picture(told, { language, display: { ...display, unicode }, gaps });
}
