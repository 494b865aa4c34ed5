import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readScheduledTasks } from './scheduled-tasks.ts';

const WORDS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '//',
    '/*',
    '*/',
    '\n',
    '\r\n',
    '\\',
    '\\u',
    '\uFEFF',
    '\0',
    '\ud800',
  ],
  ...[
    '"tasks"',
    '"name"',
    '"a"',
    '"config"',
    '"taskType"',
    '"collect"',
    '"params"',
    '"__proto__"',
    '"symbols"',
  ],
  ...[
    '"schedule"',
    '"cron(* * * * ? *)"',
    '"rate(1 minute)"',
    '"timezone"',
    '"UTC"',
    '"function"',
    '"runtime"',
  ],
  ...[
    'null',
    'true',
    'nul',
    '1e999',
    '-',
    '0x1',
    '12345678901234567890',
    '中',
    '{"tasks":[',
    ']}',
    '"python3.11"',
  ],
];

/** Tasks whose fields hold anything at all. */
const anyTask = fc.dictionary(
  fc.constantFrom(
    ...[
      'name',
      'function',
      'runtime',
      'schedule',
      'enabled',
      'config',
      'params',
      'symbols',
      'source',
      'frequency',
    ],
    ...[
      'start_time',
      'end_time',
      'timezone',
      'data_type',
      'constructor',
      'x',
      'retries',
      'missed',
      'description',
    ],
  ),
  fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom(
      'a',
      'python3.11',
      'rate(5 minutes)',
      'cron(0 9 ? * MON *)',
      'at(2026-02-30T00:00:00)',
      '1h',
    ),
    fc.constantFrom<unknown>(
      { taskType: 't' },
      { taskType: 'collect' },
      ['BTC/USDT'],
      ['!A/B', '*/B'],
      'UTC',
      true,
    ),
    fc.string({ unit: 'binary' }),
  ),
  { maxKeys: 8 },
);

function judge(text: string): void {
  const { entries, problems, revision } = readScheduledTasks({ text, file: 'f.json' });

  expect(revision).toMatch(/^[a-z2-7]{20}$/);
  const odd = problems.filter(
    (p) =>
      /undefined|\[object/.test(p.message) ||
      p.remedy === '' ||
      !(p.line > 0) ||
      !(p.column > 0) ||
      p.code === '',
  );
  expect(odd).toEqual([]);
  const empty = /^\uFEFF?\s*\{\s*"tasks"\s*:\s*\[\s*\]\s*\}\s*$/.test(text);
  if (!empty) expect(entries.length + problems.length).toBeGreaterThan(0);
}

describe('readScheduledTasks', () => {
  it('says what is wrong with 15,000 texts of scraps, or reads them', () => {
    const scraps = fc.array(
      fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 8 })),
      {
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(scraps, (parts) => judge(parts.join(''))),
      { seed: 5, numRuns: 15_000 },
    );
  });

  it('says what is wrong with 5,000 lists of tasks that hold anything, or reads them', () => {
    fc.assert(
      fc.property(fc.array(anyTask, { minLength: 1, maxLength: 2 }), (tasks) =>
        judge(JSON.stringify({ tasks })),
      ),
      { seed: 5, numRuns: 5_000 },
    );
  });
});
