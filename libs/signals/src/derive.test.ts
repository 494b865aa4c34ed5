import { NotFoundError } from '@kairos/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSignalHandler, type SignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';

const SERIES = { source: 'binance', symbol: 'BTCUSDT', data_type: 'kline', frequency: '1h' };

describe('derive', () => {
  let world: FakeWorld;
  let door: SignalHandler;
  beforeEach(() => {
    world = new FakeWorld();
    door = createSignalHandler(world.deps());
  });

  it.each(['query_data', 'get_coverage'])('marks the answer of %s', async (action) => {
    const plain = await door.handle({ action, ...SERIES });
    expect(plain.body).not.toHaveProperty('data.derived_from');

    for (const derive of [true, '5m']) {
      const { body } = await door.handle({ action, ...SERIES, derive });
      expect(body).toMatchObject({ success: true, data: { derived_from: '5m', incomplete: 3 } });
      expect(world.calls.at(-1)?.args).toMatchObject({ derive });
    }
  });

  it.each([1, 'yes', '', '5 minutes', [], {}])('may not be %j', async (derive) => {
    const { status, body } = await door.handle({ action: 'query_data', ...SERIES, derive });

    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'VALIDATION', details: [{ path: 'derive' }] });
  });

  it('is offered where only finer candles are stored', async () => {
    const more = { remedy: 'ask with derive', details: { derivableFrom: '15m, 1m' } };
    const ask = async (locale: 'zh' | 'en') => {
      world.failure = new NotFoundError('series', 'binance/BTCUSDT/kline/1h', 'SERIES_NOT_FOUND', more);
      return door.handle({ action: 'query_data', ...SERIES }, { locale });
    };

    expect(await ask('en')).toMatchObject({
      status: 404,
      body: {
        code: 'SERIES_NOT_FOUND',
        error:
          'series binance/BTCUSDT/kline/1h does not exist; it can be derived from 15m, 1m: add derive=true',
      },
    });
    expect((await ask('zh')).body).toMatchObject({ error: expect.stringContaining('可由已存的15m, 1m合成') });
  });
});
