import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipped, padded, widthOf, wrapped } from '../terminal/text-width.ts';
import { cellGlyph, markOf, type Shares } from './glyphs.ts';
import { layoutOf } from './layout.ts';
import { SHOWN, type CoverageTold, type Stretch } from './model.ts';
import { picture } from './picture.ts';

const DAY = 86_400_000;
const JAN = Date.UTC(2024, 0, 1);
const DISPLAY = { width: 90, colors: false, unicode: true };

const stretch = (
  from: number,
  to: number,
  state: Stretch['state'],
  more: Partial<Stretch> = {},
): Stretch => ({
  from: JAN + from * DAY,
  to: JAN + to * DAY,
  state,
  reason: '',
  error: '',
  grade: 0,
  ...more,
});

const TOLD: CoverageTold = {
  source: 'binance',
  symbol: 'BTC/USDT',
  timeframe: '1h',
  dataType: 'kline',
  realm: 'live',
  stretches: [
    stretch(0, 10, 'unavailable', { reason: 'before_listing', grade: 1 }),
    stretch(10, 40, 'present'),
    stretch(40, 40.5, 'empty', { reason: 'outage', grade: 2 }),
    stretch(40.5, 44, 'present'),
    stretch(44, 46, 'failed', { error: 'SOURCE_UNAVAILABLE' }),
    stretch(46, 60, 'present'),
    stretch(60, 70.25, 'missing'),
    stretch(70.25, 74, 'present'),
    stretch(74, 75, 'provisional', { reason: 'unconfirmed', grade: 1 }),
    stretch(75, 80, 'pending'),
  ],
  expected: 1_800,
  counts: { present: 1_230, empty: 12, unavailable: 240, provisional: 24, failed: 48, missing: 246 },
  findings: 3,
  derivedFrom: '',
};

describe('the coverage picture', () => {
  it('draws a calendar, counts every state and lists the gaps', () => {
    const lines = picture(TOLD, { language: 'en', display: DISPLAY, gaps: 20 });

    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "binance BTC/USDT 1h  (live)
      2024-01-01 00:00 – 2024-03-16 00:00 UTC   expected 1,800   settled 82.3 %

                   01      05        10        15        20        25        30
      2024-01      ░░░░░░░░░░░░░░░░░░░░██████████████████████████████████████████    100 %
      2024-02      ██████████████████▓▓██████!!!!████████████████████████████       93.1 %
      2024-03      ____________________▆▆██████??                                   25.0 %

      █ present      1,230    68.3 %
      · empty           12     0.7 %   the venue has none, and that is confirmed
      ░ unavailable    240    13.3 %   cannot be had
      ? provisional     24     1.3 %   may still change, or wants another look
      ! failed          48     2.7 %   asked for, not answered; tried again later
      _ missing        246    13.7 %   never asked for
      ▓ present, absences accounted for   ▄ partly collected

         FROM (UTC)        TO                RECORDS  STATE        REASON          EVIDENCE
      ░  2024-01-01 00:00  2024-01-11 00:00      240  unavailable  before listing  1 re-read
      ·  2024-02-10 00:00  2024-02-10 12:00       12  empty        venue out       2 coarser bar
      !  2024-02-14 00:00  2024-02-16 00:00       48  failed       SOURCE_UNAVAI…
      _  2024-03-01 00:00  2024-03-11 06:00      246  missing
      ?  2024-03-15 00:00  2024-03-16 00:00       24  provisional  unconfirmed     1 re-read

      3 findings: kairos findings binance BTC/USDT 1h"
    `);
  });

  it('speaks Chinese, with columns aligned by the width of its characters', () => {
    const lines = picture(TOLD, { language: 'zh', display: DISPLAY, gaps: 3 });

    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "binance BTC/USDT 1h  (live)
      2024-01-01 00:00 – 2024-03-16 00:00 UTC   应有 1,800   已确定 82.3 %

                   01      05        10        15        20        25        30
      2024-01      ░░░░░░░░░░░░░░░░░░░░██████████████████████████████████████████    100 %
      2024-02      ██████████████████▓▓██████!!!!████████████████████████████       93.1 %
      2024-03      ____________________▆▆██████??                                   25.0 %

      █ 已有      1,230    68.3 %
      · 空缺         12     0.7 %   交易所没有该记录，已确认
      ░ 无法取得    240    13.3 %   无从取得
      ? 待定         24     1.3 %   可能变化，或待再次确认
      ! 失败         48     2.7 %   已请求但未获回答，稍后重试
      _ 未采集      246    13.7 %   尚未请求
      ▓ 已有，空缺均有说明   ▄ 部分已采集

         起（UTC）         止                条数  状态    原因                证据
      !  2024-02-14 00:00  2024-02-16 00:00    48  失败    SOURCE_UNAVAILABLE
      _  2024-03-01 00:00  2024-03-11 06:00   246  未采集
      ?  2024-03-15 00:00  2024-03-16 00:00    24  待定    空缺待确认          1 复读
      另有 2 处；--gaps 5 列出全部

      3 处发现：kairos findings binance BTC/USDT 1h"
    `);
  });

  it('needs no more than ASCII', () => {
    const display = { ...DISPLAY, unicode: false };
    const lines = picture(TOLD, { language: 'en', display, gaps: 20 });

    // The dash between two instants is the only exception: it is no part of the drawing.
    expect(lines.slice(2).join('\n')).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('stays within the width it is given', () => {
    for (const width of [60, 80, 100, 160])
      for (const language of ['en', 'zh'] as const) {
        const lines = picture(TOLD, { language, display: { ...DISPLAY, width }, gaps: 20 });

        expect(Math.max(...lines.slice(2).map(widthOf))).toBeLessThanOrEqual(Math.max(width, 88));
      }
  });
});

describe('the layout of the calendar', () => {
  it('covers any span with cells that neither overlap nor leave anything out', () => {
    const step = fc.constantFrom(60_000, 300_000, 3_600_000, 14_400_000, DAY, 7 * DAY, 30 * DAY);
    const span = fc.record({
      at: fc.integer({ min: 0, max: 20_000 }),
      days: fc.integer({ min: 1, max: 4_000 }),
    });
    fc.assert(
      fc.property(step, span, fc.integer({ min: 40, max: 200 }), (stepMs, { at, days }, room) => {
        const [from, to] = [at * DAY, (at + days) * DAY];
        const { rows, columns } = layoutOf({ from, to, stepMs, room });
        const cells = rows.flatMap((r) => r.cells);
        expect(rows.every((r) => r.cells.length <= columns)).toBe(true);
        expect(cells[0]?.from).toBeLessThanOrEqual(from);
        expect(cells.at(-1)?.to).toBeGreaterThanOrEqual(to);
        for (const [i, cell] of cells.entries())
          expect(cell.from).toBe(i === 0 ? cell.from : cells[i - 1]?.to);
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});

describe('a cell', () => {
  const shares = (some: Partial<Shares>): Shares => ({
    ...(Object.fromEntries(SHOWN.map((s) => [s, 0])) as unknown as Shares),
    ...some,
  });

  it.each([
    [{}, 'blank', ' '],
    [{ present: 5 }, 'present', '█'],
    [{ present: 5, empty: 1 }, 'mixed', '▓'],
    [{ empty: 5, unavailable: 1 }, 'empty', '·'],
    [{ unavailable: 5 }, 'unavailable', '░'],
    [{ present: 99, provisional: 1 }, 'provisional', '?'],
    [{ present: 99, failed: 1, missing: 1 }, 'failed', '!'],
    [{ missing: 5 }, 'missing', '_'],
    [{ present: 1, missing: 99 }, 'partly', '▁'],
    [{ present: 99, missing: 1 }, 'partly', '▇'],
  ] as const)('of %j is %s', (some, mark, glyph) => {
    expect(markOf(shares(some))).toBe(mark);
    expect(cellGlyph(mark, shares(some), true)).toBe(glyph);
  });
});

describe('text by the columns it takes', () => {
  it('pads, cuts and wraps Chinese by two columns a character', () => {
    expect(padded('任务', 6)).toBe('任务  ');
    expect(padded('任务', 6, 'right')).toBe('  任务');
    expect(clipped('运行中的任务', 7)).toBe('运行中…');
    expect(clipped('short', 7)).toBe('short');
    expect(wrapped('请检查网络与代理；也可能停机', 10)).toEqual(['请检查网络', '与代理；也', '可能停机']);
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
  });
});
