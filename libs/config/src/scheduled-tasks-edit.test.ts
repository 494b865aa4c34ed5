import { ConfigError, ConflictError, NotFoundError } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addTask, removeTask, setTaskEnabled } from './scheduled-tasks-edit.ts';
import type { ScheduledTaskText } from './scheduled-tasks-fields.ts';
import { readJson } from './scheduled-tasks-json.ts';

const TEXT = `// of the crew
{
  "tasks": [
    // every morning
    {
      "name": "a", // first
      "enabled": true, // on
      "schedule": "rate(1 hour)" // why not
    },
    /* the other */ { "name": "b", "schedule": "rate(1 day)" }, // last
    {
      "name": "c"
    }
    // no more
  ]
}
`;

const NEW: ScheduledTaskText = { name: 'n', source: 's', symbols: ['X'], frequency: '1h' };

describe('setTaskEnabled', () => {
  it('changes one word', () => {
    expect(setTaskEnabled(TEXT, 'a', false)).toBe(TEXT.replace('"enabled": true', '"enabled": false'));
  });

  it('writes the field where it was left out, on a line of its own or within the line, behind the schedule', () => {
    const text = TEXT.replace('      "enabled": true, // on\n', '');

    expect(setTaskEnabled(text, 'a', false)).toBe(
      text.replace(
        '"schedule": "rate(1 hour)" // why not',
        '"schedule": "rate(1 hour)", // why not\n      "enabled": false',
      ),
    );
    expect(setTaskEnabled(text, 'b', false)).toBe(
      text.replace('"schedule": "rate(1 day)"', '"schedule": "rate(1 day)", "enabled": false'),
    );
    expect(setTaskEnabled(text, 'c', false)).toBe(
      text.replace('"name": "c"', '"name": "c",\n      "enabled": false'),
    );
  });

  it('changes nothing where nothing is to be changed', () => {
    expect(setTaskEnabled(TEXT, 'a', true)).toBe(TEXT);
    expect(setTaskEnabled(TEXT, 'b', true)).toBe(TEXT);
  });

  it('refuses a name that is not there, and tells the nearest', () => {
    const text = '{"tasks": [{"name": "daily-summary"}]}';

    expect(() => setTaskEnabled(text, 'daily-sumary', false)).toThrow(NotFoundError);
    expect(() => setTaskEnabled(text, 'daily-sumary', false)).toThrow('did you mean daily-summary?');
  });
});

describe('removeTask', () => {
  it('takes the task with its lines, and leaves the comments around it', () => {
    expect(removeTask(TEXT, 'a')).toBe(TEXT.replace(/ {4}\{\n {6}"name": "a"[^}]*\},\n/, ''));
    expect(removeTask(TEXT, 'b')).toBe(TEXT.replace('{ "name": "b", "schedule": "rate(1 day)" }, ', ''));
    expect(removeTask(TEXT, 'c')).toBe(
      TEXT.replace('}, // last\n    {\n      "name": "c"\n    }\n', '} // last\n'),
    );
  });

  it.each([
    ['[{"name":"a"},{"name":"b"}]', 'a', '[{"name":"b"}]'],
    ['[{"name":"a"}, {"name":"b"}]', 'a', '[{"name":"b"}]'],
    ['[{"name":"a"}, {"name":"b"}]', 'b', '[{"name":"a"}]'],
    ['[{"name":"a"}]', 'a', '[]'],
    ['[{"name":"a"},]', 'a', '[]'],
  ])('works in one line: %s without %s', (tasks, name, left) => {
    expect(removeTask(`{"tasks":${tasks}}`, name)).toBe(`{"tasks":${left}}`);
  });
});

describe('addTask', () => {
  it('lays the task out as its neighbours are', () => {
    const written = `    {
      "name": "n",
      "source": "s",
      "symbols": [
        "X"
      ],
      "frequency": "1h"
    }
`;

    expect(addTask(TEXT, NEW)).toBe(TEXT.replace('    }\n    // no', `    },\n${written}    // no`));
  });

  it('makes a whole file of an empty text', () => {
    expect(JSON.parse(addTask('\uFEFF \n', NEW))).toEqual({ tasks: [NEW] });
    expect(addTask('', NEW).endsWith('}\n')).toBe(true);
  });

  it.each([
    ['{"tasks":[]}', '{"tasks":[{"name":"n"}]}'],
    ['{"tasks":[{"name":"a"}]}', '{"tasks":[{"name":"a"}, {"name":"n"}]}'],
    ['{\n\t"tasks": []\n}', '{\n\t"tasks": [\n\t\t{\n\t\t\t"name": "n"\n\t\t}\n\t]\n}'],
    ['{\r\n "tasks": [\r\n ]\r\n}', '{\r\n "tasks": [\r\n  {\r\n   "name": "n"\r\n  }\r\n ]\r\n}'],
    [
      '{ "tasks": [\n  { "name": "a" }, // x\n] }',
      '{ "tasks": [\n  { "name": "a" }, // x\n  {\n    "name": "n"\n  },\n] }',
    ],
  ])('keeps indentation, line ends and a trailing comma: %j', (text, after) => {
    expect(addTask(text, { name: 'n' } as ScheduledTaskText)).toBe(after);
  });

  it('refuses a name that is taken', () => {
    expect(() => addTask(TEXT, { ...NEW, name: 'a' })).toThrow(ConflictError);
  });
});

describe('a text that is no file of tasks', () => {
  it.each(['{', '[]', '{}', '{"tasks": 1}', '{"tasks": [], "tasks": []}', 'null', '{"tasks": [] } x'])(
    'is not edited: %s',
    (text) => {
      expect(() => addTask(text, NEW)).toThrow(ConfigError);
      expect(() => setTaskEnabled(text, 'a', true)).toThrow(ConfigError);
      expect(() => removeTask(text, 'a')).toThrow(ConfigError);
    },
  );

  it('is not edited either where two tasks have the name', () => {
    expect(() => removeTask('{"tasks": [{"name": "a"}, {"name": "a"}]}', 'a')).toThrow(ConfigError);
  });
});

interface Layout {
  readonly space: () => string;
  readonly trailing: () => boolean;
}

/** JSON with comments, laid out at random: white space and comments wherever they may stand. */
function written(value: unknown, layout: Layout): string {
  const s = layout.space;
  const list = (parts: readonly string[]): string =>
    parts.join(`${s()},${s()}`) + (parts.length > 0 && layout.trailing() ? `${s()},` : '');
  if (Array.isArray(value)) return `[${s()}${list(value.map((v) => written(v, layout)))}${s()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([k, v]) => `${JSON.stringify(k)}${s()}:${s()}${written(v, layout)}`,
  );
  return `{${s()}${list(fields)}${s()}}`;
}

const SPACES = [
  '',
  '',
  ' ',
  '\n',
  '\r\n',
  '\n    ',
  '\r\n\t',
  ' // c\n',
  '/* , } */',
  ' /* { */ ',
  '\n  // "x"\r\n  ',
  '\r',
];

const anyTask = fc.record(
  {
    schedule: fc.constantFrom('rate(1 hour)', 'cron(0 18 * * ? *)'),
    enabled: fc.boolean(),
    description: fc.constantFrom('', '// no, a text', 'a "b" {c}, [d] 中文', '/* x'),
    config: fc.record({ taskType: fc.constantFrom('t', 'u') }),
  },
  { requiredKeys: [] },
);
const anyFile = fc.tuple(
  fc.array(anyTask, { maxLength: 5 }),
  fc.infiniteStream(fc.constantFrom(...SPACES)),
  fc.infiniteStream(fc.boolean()),
  fc.boolean(),
);

const meaning = (text: string): unknown => {
  const { value, problems } = readJson({ text, file: '', locale: 'en' });
  expect(problems).toEqual([]);
  return value;
};
const commentsOf = (text: string): string[] =>
  // Texts of the tasks above hold none that is closed, so what looks like a comment outside of quotes is one.
  [...text.replace(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(/\/\/[^\r\n]*|\/\*.*?\*\//g)].map((m) => m[0]);

describe('edits', () => {
  it('change what they should and nothing else, however the file is laid out', () => {
    fc.assert(
      fc.property(anyFile, fc.nat(4), fc.constantFrom('on', 'off', 'add', 'remove'), (file, at, edit) => {
        const [rest, spaces, trailings, mark] = file;
        const tasks = rest.map((task, i) => ({ name: `t${i}`, ...task }));
        const layout = { space: () => spaces.next().value, trailing: () => trailings.next().value };
        const text = `${mark ? '\uFEFF' : ''}${written({ before: 1, tasks, after: [2] }, layout)}${layout.space()}`;
        const name = `t${at}`;
        if (edit !== 'add' && at >= tasks.length) {
          expect(() => removeTask(text, name)).toThrow(NotFoundError);
          return;
        }
        const after =
          edit === 'add'
            ? addTask(text, NEW)
            : edit === 'remove'
              ? removeTask(text, name)
              : setTaskEnabled(text, name, edit === 'on');
        const wanted =
          edit === 'add'
            ? [...tasks, NEW]
            : edit === 'remove'
              ? tasks.filter((t) => t.name !== name)
              : tasks.map((t) =>
                  t.name === name && !(edit === 'on' && t.enabled === undefined)
                    ? { ...t, enabled: edit === 'on' }
                    : t,
                );

        expect(meaning(after)).toEqual({ before: 1, tasks: wanted, after: [2] });
        expect(after.startsWith('\uFEFF')).toBe(mark);
        if (edit !== 'remove') expect(commentsOf(after)).toEqual(commentsOf(text));
      }),
      { seed: 5, numRuns: 3_000 },
    );
  });
});
