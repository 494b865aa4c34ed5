// The figures as tables.
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const write = (text) => void process.stdout.write(`${text}\n`);

function table(rows) {
  const widths = rows[0].map((_, n) => Math.max(...rows.map((row) => String(row[n]).length)));
  for (const row of rows)
    write(
      row
        .map((cell, n) => String(cell).padEnd(widths[n]))
        .join('  ')
        .trimEnd(),
    );
  write('');
}

/** Medians over the rounds, by way of asking and tool. */
export function medians(runs) {
  const groups = Map.groupBy
    ? Map.groupBy(runs, keyOf)
    : runs.reduce((map, one) => map.set(keyOf(one), [...(map.get(keyOf(one)) ?? []), one]), new Map());
  return [...groups.values()].map((group) => {
    const { tool, paced, latencyMs } = group[0];
    const of = (name) => median(group.map((one) => one[name]));
    return {
      ...{ tool, paced, latencyMs, rounds: group.length },
      ...{
        seconds: of('seconds'),
        rate: of('rate'),
        peakMb: of('peakMb'),
        cpu: of('cpu'),
        bytes: of('bytes'),
      },
      ...{ pages: of('pages'), rows: of('rows'), missing: of('missing'), wrong: of('wrong') },
    };
  });
}
const keyOf = ({ tool, paced, latencyMs }) => `${paced} ${latencyMs} ${tool}`;

const leftText = ({ missing, doubled, wrong, foreign }) =>
  `${missing} missing, ${wrong} wrong${doubled ? `, ${doubled} doubled` : ''}${foreign ? `, ${foreign} foreign` : ''}`;

function saysText(says) {
  if ('exit' in says) return `exit ${says.exit}, ${says.failed} pairs failed, ${says.gaps} gap warnings`;
  const { present, ...others } = says.slots;
  const odd = Object.entries(others).filter(([, n]) => n > 0);
  return `${says.task}/${says.run}, ${odd.map(([name, n]) => `${n} ${name}`).join(', ') || `all ${present} present`}, ${says.findings} findings`;
}

function printSpeed(runs) {
  const lines = medians(runs).map((m) => [
    ...[
      m.paced ? 'default' : 'off',
      m.latencyMs,
      m.tool,
      m.seconds.toFixed(1),
      m.rate,
      m.cpu.toFixed(1),
      Math.round(m.peakMb),
    ],
    ...[(m.bytes / m.rows).toFixed(2), m.pages, m.rows, m.missing],
  ]);
  const head = [
    'limiter',
    'latency',
    'tool',
    's',
    'candles/s',
    'CPU s',
    'peak MB',
    'bytes/candle',
    'pages',
    'rows',
    'missing',
  ];
  table([head, ...lines]);
}

function printFaults(runs) {
  const head = ['fault', 'tool', 'struck', 's', 'left', 'says', 'left after again', 'says'];
  const lines = runs.map(({ fault, tool, struck, first, second }) => [
    ...[fault, tool, struck, first.seconds.toFixed(1), leftText(first.left), saysText(first.says)],
    ...[leftText(second.left), saysText(second.says)],
  ]);
  table([head, ...lines]);
}

function printKills(runs) {
  const head = ['killed at', 'tool', 'pages asked', 'rows left', 'pages again', 's', 'then'];
  const lines = runs.map(({ part, tool, pages, left, second }) => [
    ...[
      `${part * 100} %`,
      tool,
      pages,
      left.rows,
      second.pages,
      second.seconds.toFixed(1),
      leftText(second.left),
    ],
  ]);
  table([head, ...lines]);
}

export function print(result) {
  if (result.speed) {
    write('one day of one symbol, then the span; medians');
    printSpeed(result.starts);
    printSpeed(result.speed);
  }
  if (result.faults) printFaults(result.faults);
  if (result.kills) printKills(result.kills);
}
