import { KairosError, SourceUnavailableError } from '@kairos/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from './create-logger.ts';

const NOON = Date.UTC(2026, 0, 2, 12, 0, 0, 250);

function lines(options: Partial<LoggerOptions> = {}): {
  log: ReturnType<typeof createLogger>;
  out: string[];
} {
  const out: string[] = [];
  const log = createLogger({
    level: 'debug',
    pretty: false,
    secrets: [],
    clock: { now: () => NOON },
    destination: { write: (text) => out.push(text) },
    ...options,
  });
  return { log, out };
}

const parsed = (out: readonly string[]): unknown[] => out.map((line) => JSON.parse(line));

describe('createLogger', () => {
  it('writes one JSON line per event, with time, level, event and fields', () => {
    const { log, out } = lines();

    log.info('run.settled', { rows: 3, ok: true, at: new Date(NOON), none: null, gone: undefined });

    expect(out).toHaveLength(1);
    expect(out[0]?.endsWith('\n')).toBe(true);
    expect(parsed(out)).toEqual([
      {
        time: '2026-01-02T12:00:00.250Z',
        level: 'info',
        event: 'run.settled',
        rows: 3,
        ok: true,
        at: '2026-01-02T12:00:00.250Z',
        none: null,
      },
    ]);
  });

  it('keeps lines below its level to itself', () => {
    const { log, out } = lines({ level: 'warn' });

    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');

    expect(parsed(out).map((line) => (line as { event: string }).event)).toEqual(['c', 'd']);
  });

  it('says nothing at all when silent', () => {
    const { log, out } = lines({ level: 'silent' });

    log.error('d');

    expect(out).toEqual([]);
  });

  it('gives every line of a child the fields of its parents', () => {
    const { log, out } = lines();

    log.child({ task: 't1' }).child({ run: 'r1' }).info('run.started', { slot: 1 });

    expect(parsed(out)).toEqual([expect.objectContaining({ task: 't1', run: 'r1', slot: 1 })]);
  });

  it('does not let a field pass for the line’s own time, level or event', () => {
    const { log, out } = lines();

    log.info('real', { time: 'x', level: 'fatal', event: 'forged' });

    expect(parsed(out)).toEqual([
      expect.objectContaining({
        level: 'info',
        event: 'real',
        time_: 'x',
        level_: 'fatal',
        event_: 'forged',
      }),
    ]);
  });

  it('takes a percent sign in an event for what it is', () => {
    const { log, out } = lines();

    log.info('100%s', { a: 1 });

    expect(parsed(out)).toEqual([expect.objectContaining({ event: '100%s', a: 1 })]);
  });

  it('writes errors as code, message and cause, and nothing else that hangs on them', () => {
    const { log, out } = lines();
    const inner = Object.assign(new Error('reset'), {
      code: 'ECONNRESET',
      request: { headers: { key: 'x' } },
    });

    log.error('fetch.failed', { error: new SourceUnavailableError('no answer', { cause: inner }) });
    log.error('odd', { error: new TypeError('bad', { cause: 'a text' }) });

    expect(parsed(out)).toEqual([
      expect.objectContaining({
        error: {
          code: 'SOURCE_UNAVAILABLE',
          message: 'no answer',
          cause: { code: 'ECONNRESET', message: 'reset' },
        },
      }),
      expect.objectContaining({ error: { code: 'TypeError', message: 'bad', cause: 'a text' } }),
    ]);
  });

  it('survives fields that cannot be written', () => {
    const { log, out } = lines();
    const ring: Record<string, unknown> = { name: 'ring' };
    ring['self'] = ring;
    const trap = {
      get broken(): never {
        throw new Error('no');
      },
      fine: 1,
    };

    log.info('odd', {
      ring,
      trap,
      bytes: new Uint8Array(9),
      big: 12n,
      nan: Number.NaN,
      map: new Map([['k', new Set([1])]]),
      fn: () => 1,
      long: 'x'.repeat(5_000),
      many: Array.from({ length: 150 }, (_, i) => i),
    });

    expect(parsed(out)).toEqual([
      expect.objectContaining({
        ring: { name: 'ring', self: '[circular]' },
        trap: { broken: '[unreadable]', fine: 1 },
        bytes: '[9 bytes]',
        big: '12',
        nan: 'NaN',
        map: { k: [1] },
        long: `${'x'.repeat(4_000)}… (5000 characters)`,
      }),
    ]);
    expect((parsed(out)[0] as { many: unknown[] }).many).toHaveLength(101);
    expect(parsed(out)[0]).not.toHaveProperty('fn');
  });

  it('does not throw when its destination does', () => {
    const { log } = lines({
      destination: {
        write: () => {
          throw new Error('pipe closed');
        },
      },
    });

    expect(() => log.error('x')).not.toThrow();
  });
});

describe('redaction', () => {
  const SECRET = 'k3y+/=&"Zü secret';
  const encodings: readonly (readonly [string, string])[] = [
    ['raw', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in lower case', encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase())],
    ['as a form field', new URLSearchParams({ s: SECRET }).toString().slice(2)],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
    ['inside a JSON text', JSON.stringify({ s: SECRET }).slice(6, -2)],
  ];

  it.each(encodings)('hides a secret that is %s, wherever it stands', (_how, form) => {
    for (const pretty of [false, true]) {
      const { log, out } = lines({ secrets: ['other', SECRET], pretty, colour: false });

      log.child({ [form]: form }).error(`event ${form}`, {
        text: `before ${form} after`,
        deep: { list: [form] },
        [form]: 1,
        error: new KairosError('X', `no ${form}`, { cause: new Error(form, { cause: form }) }),
      });

      expect(out).toHaveLength(1);
      expect(out.join('')).not.toContain(form);
      expect(out.join('')).not.toContain(JSON.stringify(form).slice(1, -1));
      expect(out.join('')).toContain('[redacted]');
    }
  });

  it('hides a secret inside base64 of a longer text, at any place', () => {
    const secret = 'correct-horse-battery';
    for (const before of ['', 'a', 'ab', 'user:']) {
      const { log, out } = lines({ secrets: [secret] });
      const header = `Basic ${Buffer.from(`${before}${secret}!`).toString('base64')}`;

      log.info('x', { header });

      const kept = (parsed(out)[0] as { header: string }).header
        .replace('Basic ', '')
        .replace('[redacted]', '');
      expect(kept.length).toBeLessThan(12);
    }
  });

  it('hides a secret of digits that comes as a number, and leaves the line readable', () => {
    const { log, out } = lines({ secrets: ['12345678'] });

    log.info('x', { pin: 12345678, other: 1 });

    expect(parsed(out)).toEqual([expect.objectContaining({ pin: '[redacted]', other: 1 })]);
  });

  it('hides a very short secret only where it stands alone, and ignores an empty one', () => {
    const { log, out } = lines({ secrets: ['ab', '', '  '] });

    log.info('cab', { a: 'ab', b: 'abc' });

    expect(parsed(out)).toEqual([expect.objectContaining({ event: 'cab', a: '[redacted]', b: 'abc' })]);
  });

  it('hides the longer of two secrets whole when one begins the other', () => {
    const { log, out } = lines({ secrets: ['abcdef', 'abcdefgh'] });

    log.info('x', { a: 'abcdefgh' });

    expect(parsed(out)).toEqual([expect.objectContaining({ a: '[redacted]' })]);
  });

  it('lets no secret through, whatever its characters', () => {
    const secret = fc
      .string({ unit: 'binary', minLength: 8, maxLength: 40 })
      .filter((s) => s.trim().length >= 8);
    fc.assert(
      fc.property(secret, fc.string({ maxLength: 5 }), (value, around) => {
        const { log, out } = lines({ secrets: [value] });
        log.info('x', { text: `${around}${value}${around}`, url: `?k=${encodeURIComponent(value)}` });
        const line = JSON.parse(out.join('')) as { text: string; url: string };
        return !line.text.includes(value) && !line.url.includes(encodeURIComponent(value));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

describe('pretty lines', () => {
  const pretty = (write: (log: ReturnType<typeof createLogger>) => void, colour = false): string => {
    const { log, out } = lines({ pretty: true, colour });
    write(log);
    return out.join('');
  };

  it('shows time, level, event and fields on one line', () => {
    const line = pretty((log) =>
      log.info('run.settled', {
        task: 'btc',
        rows: 1_440,
        note: 'two words',
        empty: '',
        list: [1, 'a'],
        ok: true,
      }),
    );

    expect(line).toBe(
      '[2026-01-02 12:00:00.250] INFO: run.settled task=btc rows=1440 note="two words" empty="" list=[1,"a"] ok=true\n',
    );
  });

  it('shows an error with its causes', () => {
    const error = new SourceUnavailableError('no answer', { cause: new Error('reset') });

    expect(pretty((log) => log.error('fetch.failed', { error }))).toBe(
      '[2026-01-02 12:00:00.250] ERROR: fetch.failed error="SOURCE_UNAVAILABLE: no answer; caused by Error: reset"\n',
    );
  });

  it('ends with the event when there are no fields', () => {
    expect(pretty((log) => log.warn('quiet'))).toBe('[2026-01-02 12:00:00.250] WARN: quiet\n');
  });

  it('shows fields that the formatter has a meaning of its own for like any other', () => {
    expect(
      pretty((log) => log.info('x', { pid: 12, hostname: 'h', name: 'n', type: 'Error', stack: 's' })),
    ).toBe('[2026-01-02 12:00:00.250] INFO: x pid=12 hostname=h name=n type=Error stack=s\n');
  });

  it('colours when told to', () => {
    expect(pretty((log) => log.info('x'), true)).toContain('\u001b[');
  });

  it.each([
    ['a colour', '\u001b[31mred', String.raw`\x1b[31mred`],
    ['a new line', 'a\nINFO: forged', String.raw`a\nINFO: forged`],
    ['a carriage return', 'a\rb', String.raw`a\rb`],
    ['the one-character CSI', '\u009b2J', String.raw`\x9b2J`],
    ['a reversed direction', 'a\u202eb', String.raw`a\u202eb`],
    ['a bell', '\u0007', String.raw`\x07`],
  ])('writes out %s in events, keys, values and errors', (_what, raw, shown) => {
    const line = pretty((log) => log.info(raw, { [raw]: raw, list: [raw], error: new Error(raw) }));

    expect(line.indexOf('\n')).toBe(line.length - 1);
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(line).toContain(shown);
  });

  it('keeps control characters out of JSON lines as well', () => {
    const { log, out } = lines();

    log.info('x', { a: '\u009b2J\u202e\u007f' });

    // eslint-disable-next-line no-control-regex -- they are what must not be there
    expect(out.join('').slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    expect(parsed(out)).toEqual([expect.objectContaining({ a: '\u009b2J\u202e\u007f' })]);
  });
});
