import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { collected, DAY, MINUTE, plot, score, verified, world } from './lying-venue.ts';

/** Two million and more for the full figure: `KAIROS_TEST_VERIFY_CANDLES=2100000`. */
const CANDLES = Number(process.env['KAIROS_TEST_VERIFY_CANDLES'] ?? 6_000);
const ONE_IN = CANDLES >= 100_000 ? 10_000 : 500;
const NOW = Date.UTC(2024, 5, 1);
const MODE = { kind: 'synthetic', seed: 'verify' } as const;
const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');
const RECORDINGS = join(process.env['KAIROS_DATA_DIR'] ?? resolve(ROOT, '../shared/data'), 'candles/binance');

describe('verifying what a consistently lying venue told', () => {
  it(
    `finds every lie that leaves a trace, among ${CANDLES} candles with one lie in ${ONE_IN}, and nothing else`,
    { timeout: 3_600_000 },
    async () => {
      const { span, lies } = plot(CANDLES, ONE_IN, NOW);
      const w = await world(MODE, NOW, lies);
      const series = await collected(w, span);

      const startedAt = performance.now();
      const { outcome, tallies } = await verified(w, series);
      const { kinds, missed, exact, falseAlarms } = score(lies, outcome);
      const seconds = Math.round(performance.now() - startedAt) / 1_000;
      const { requests, weight } = tallies;
      console.log(
        JSON.stringify({
          candles: CANDLES,
          kinds,
          exact,
          falseAlarms: falseAlarms.length,
          requests,
          weight,
          seconds,
        }),
      );

      expect(outcome.error).toBeUndefined();
      expect(outcome.bars + outcome.empty).toBe(CANDLES);
      // A wrong close leaves a trace only where a longer bar closes with it.
      const traceless = lies.filter((l) => l.field === 'close' && (l.openTime / MINUTE) % 5 !== 4);
      expect(missed).toEqual(traceless);
      expect(falseAlarms.length).toBeLessThanOrEqual(Math.floor(CANDLES / 1_000_000));
      expect(outcome.oddOthers).toBe(0);
      await w.close();
    },
  );

  it.each([
    ['shorter bars', { deep: true }],
    ['a mirror of the exchange', { mirror: true }],
  ])('finds every single lie with %s, at its very bar', async (_what, how) => {
    const { span, lies } = plot(1_440, 240, NOW);
    const w = await world(MODE, NOW, lies);
    const { outcome } = await verified(w, await collected(w, span), how);
    const { missed, exact, falseAlarms } = score(lies, outcome);

    expect({ missed, falseAlarms, exact }).toEqual({ missed: [], falseAlarms: [], exact: lies.length });
    await w.close();
  });

  it('keeps each finding once, changes no row, and asks for no more the second time', async () => {
    const { span, lies } = plot(2_000, 400, NOW);
    const w = await world(MODE, NOW, lies);
    const series = await collected(w, span);
    const { key } = series.series;
    const first = await verified(w, series);
    const kept = await w.deps.store.findings({ key, limit: 100 });
    const coverage = await w.deps.store.coverage({ key, range: span });
    const second = await verified(w, series);

    expect(kept).toHaveLength(first.outcome.defects.length);
    expect(first.outcome.defects.every((d) => d.isNew)).toBe(true);
    expect(second.outcome.defects).toEqual(first.outcome.defects.map((d) => ({ ...d, isNew: false })));
    expect(await w.deps.store.findings({ key, limit: 100 })).toEqual(kept);
    expect(await w.deps.store.coverage({ key, range: span })).toEqual(coverage);
    expect(second.tallies.commits).toBe(0);
    await w.close();
  });
});

describe('verifying what an honest venue told', () => {
  it('finds nothing, with pages that are short of a day or not, in a symbol whose minutes often pass without a trade', async () => {
    const w = await world(MODE, NOW);
    const span = { symbol: 'ATOMUSDT', timeframe: '1m', from: NOW - 5 * DAY - 7 * MINUTE, to: NOW - DAY };
    const { outcome } = await verified(w, await collected(w, span), { deep: false, mirror: true });

    expect(outcome).toMatchObject({ found: {}, oddOthers: 0, error: undefined });
    expect(outcome.hearings.find((h) => h.by === 'mirror')).toMatchObject({ compared: 4 * 1_440 + 7 });
    await w.close();
  });

  it.skipIf(!existsSync(RECORDINGS)).each([
    ['BTCUSDT', '1h', '1d', '2019-01-01'],
    ['ETHUSDT', '1h', '1d', '2018-01-01'],
    ['SOLUSDT', '15m', '1h', '2021-01-01'],
  ])(
    'finds nothing in recordings of Binance, and bears out its outages: %s %s by %s',
    async (symbol, timeframe, by, day) => {
      const w = await world({ kind: 'recording', id: 'binance', dir: RECORDINGS }, undefined);
      const from = Date.parse(day);
      const series = await collected(w, { symbol, timeframe, from, to: from + 365 * DAY });
      const { outcome } = await verified({ ...w, timeframes: [timeframe, by] }, series);
      const { key } = series.series;
      const runs = await w.deps.store.coverage({ key, range: outcome.range });
      const empty = runs.filter((r) => r.state === 'empty');
      const [record] = await w.deps.store.evidence({ key, ids: empty.flatMap((r) => r.evidence ?? []) });

      expect(outcome).toMatchObject({ found: {}, oddOthers: 0, error: undefined });
      expect(outcome.deepened).toEqual({ 2: outcome.empty });
      expect(empty.map((r) => r.grade)).toEqual(empty.map(() => 2));
      expect(record?.reads.length).toBeGreaterThan(3);
      await w.close();
    },
  );
});
