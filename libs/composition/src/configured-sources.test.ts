import { fileURLToPath } from 'node:url';
import { parseRuntimeConfig } from '@kairos/config';
import { describe, expect, it } from 'vitest';
import { prepareSources } from './configured-sources.ts';

const configOf = (sources: string) =>
  parseRuntimeConfig({ text: `sources: ${sources}`, file: 'k.yaml', env: {} });

describe('prepareSources', () => {
  it.each([
    ['binance', '/api/v3/exchangeInfo'],
    ['binanceusdm', '/fapi/v1/exchangeInfo'],
    ['okx', '/api/v5/public/instruments?instType=SPOT'],
    ['bybit', '/v5/market/instruments-info?category=spot'],
    ['kraken', '/0/public/AssetPairs'],
    ['coinbaseexchange', '/products'],
  ])('starts a sandbox venue that speaks %s', async (exchange, path) => {
    const { settings, venues } = await prepareSources(configOf(`{ sandbox: { exchange: ${exchange} } }`));

    expect(settings['sandbox']).toMatchObject({ exchange, realm: 'sandbox:42' });
    const answer = await fetch(`${settings['sandbox']?.baseUrl}${path}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/BTC|XBT/i);
    for (const venue of venues) await venue.close();
  });

  it('gives each source its calendar, from a file or shipped', async () => {
    const file = fileURLToPath(new URL('../../../config/calendars/sse.json', import.meta.url));
    const text = [
      'sources:',
      '  shares: { driver: ccxt, exchange: binance, calendar: mine }',
      '  coins: { driver: ccxt, exchange: binance }',
      `calendars: { mine: { file: ${JSON.stringify(file)} } }`,
    ].join('\n');
    const { calendars } = await prepareSources(parseRuntimeConfig({ text, file: 'k.yaml', env: {} }));

    expect(calendars.of('shares').id).toBe('sse');
    expect(calendars.of('coins').id).toBe('always');
  });

  it('refuses a calendar that is not there before it starts a venue', async () => {
    await expect(prepareSources(configOf('{ sandbox: { calendar: nyse } }'))).rejects.toThrow(
      'sources.sandbox.calendar: there is no calendar nyse',
    );
  });

  it('refuses an exchange that the sandbox does not speak, and names those it does', async () => {
    await expect(prepareSources(configOf('{ sandbox: { exchange: gate } }'))).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringMatching(/sources\.sandbox\.exchange: .*binance, okx.*, not gate/),
    });
  });
});
