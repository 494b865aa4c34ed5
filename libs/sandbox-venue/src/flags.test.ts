import { describe, expect, it } from 'vitest';
import { DIALECTS } from './dialects/index.ts';
import { FAULT_KINDS } from './faults/plan.ts';
import { venueOptions } from './flags.ts';

describe('venueOptions', () => {
  it('reads a world, a door and a limit', () => {
    expect(venueOptions(['--seed', '7', '--port', '80', '--weight-limit', '240'])).toMatchObject({
      mode: { kind: 'synthetic', seed: '7' },
      port: 80,
      limits: { weightPerMinute: 240 },
    });
    expect(venueOptions(['--recording', '/a/binance/', '--weight-limit', 'off'])).toMatchObject({
      mode: { kind: 'recording', id: 'binance' },
      limits: { weightPerMinute: 'off' },
    });
    expect(venueOptions(['--symbols', '2'])).toMatchObject({
      mode: { symbols: expect.arrayContaining(['BTCUSDT', 'K0000USDT', 'K0001USDT']) },
    });
    expect(venueOptions(['--dialects'])).toHaveProperty('dialects', DIALECTS);
    expect(venueOptions([])).not.toHaveProperty('faults');
  });

  it('reads faults with their rates, their seed and the most lies', () => {
    const args = ['--fault', 'hole:0.1', '--fault', 'html', '--fault-seed', 's', '--max-lies', '2'];

    expect(venueOptions(args).faults).toEqual({
      rules: [
        { kind: 'hole', rate: 0.1 },
        { kind: 'html', rate: 1 },
      ],
      seed: 's',
      maxLiesPerKey: 2,
    });
    expect(venueOptions(['--fault', 'every:0.1']).faults?.rules).toHaveLength(FAULT_KINDS.length - 1);
  });

  it.each([
    [['--fault', 'gremlins'], '--fault'],
    [['--fault', 'hole:2'], '--fault'],
    [['--max-lies', 'few', '--fault', 'hole'], '--max-lies'],
    [['--weight-limit', '-1'], '--weight-limit'],
    [['--symbols', 'many'], '--symbols'],
    [['--clock', 'noon'], '--clock'],
  ])('refuses %j and names the flag', (args, flag) => {
    expect(() => venueOptions(args)).toThrow(flag);
  });
});
