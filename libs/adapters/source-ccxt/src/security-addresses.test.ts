import type * as Dns from 'node:dns';
import { FakeClock, silentLogger } from '@kairos/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isForbiddenHost, isLoopbackHost, refusalOf } from './addresses.ts';
import { createCcxtSources, type CcxtSourcesOptions } from './registry.ts';
import { NotingBudget, rejectionOf, someCall, spotMarket, tenMinutes } from './testing/bench.ts';

/** Names that lead where whoever owns them wants. */
const NAMES = vi.hoisted(() => ({ led: [] as string[], to: [] as { address: string; family: number }[] }));

vi.mock('node:dns', async (original) => {
  const dns = await original<typeof Dns>();
  return {
    ...dns,
    lookup: (name: string, _: unknown, done: (error: null, found: Dns.LookupAddress[]) => void) => {
      NAMES.led.push(name);
      setImmediate(() => done(null, NAMES.to));
    },
  };
});

const METADATA = [
  '169.254.169.254',
  '169.254.0.23',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fe80::1',
  'fe80::1%eth0',
  '::',
  '::ffff:169.254.169.254',
  '::ffff:100.100.100.200',
  '::169.254.169.254',
  '::ffff:0:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::100.100.100.200',
  '64:ff9b:1::169.254.169.254',
  '2002:a9fe:a9fe::1',
  '2002:6464:64c8::1',
];

describe('a forbidden address', () => {
  it.each(METADATA)('is known as %s', (address) => {
    expect(isForbiddenHost(address)).toBe(true);
    expect(isForbiddenHost(`[${address}]`)).toBe(true);
  });

  it.each([
    '2852039166',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '0251.0376.0251.0376',
    '169.254.43518',
    '169.16689662',
    '169.254.169.254.',
    '169。254。169。254',
    '①⑥⑨.254.169.254',
    '1684301000',
    '0144.0144.0144.0310',
    '[::ffff:a9fe:a9fe]',
    '[::FFFF:169.254.169.254]',
    '[0:0:0:0:0:ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[fd00:0ec2:0:0::254]',
    'metadata.google.internal',
    'METADATA.google.internal.',
    'metadata.tencentyun.com',
  ])('is known in the spelling %s', (host) => {
    expect(refusalOf(new URL(`https://${host}/latest`))).toContain('metadata');
  });

  it.each(['::1', '127.0.0.1', '10.0.0.1', '8.8.8.8', '2606:4700::1', '64:ff9b::808:808', '169.253.0.1'])(
    'is not %s',
    (address) => {
      expect(isForbiddenHost(address)).toBe(false);
    },
  );

  it('is no way to be this machine', () => {
    for (const host of ['127.0.0.1.evil.example', 'localhost.evil.example', '::ffff:8.8.8.8', '10.0.0.1'])
      expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('a name that leads to a forbidden address', () => {
  afterEach(() => {
    NAMES.led = [];
  });

  async function ask(options: Pick<CcxtSourcesOptions, 'sources' | 'proxy'>): Promise<unknown> {
    const registry = createCcxtSources({
      ...options,
      budget: new NotingBudget(),
      clock: new FakeClock(),
      log: silentLogger,
    });
    const source = await registry.open('binance');
    const market = spotMarket('binance', 'BTC/USDT', 'BTCUSDT');
    const error = await rejectionOf(source.fetchRange(tenMinutes(market), someCall()));
    await registry.close();
    return error;
  }

  it.each([
    ['of a venue', { sources: { binance: { baseUrl: 'https://rebound.example' } } }, 'rebound.example'],
    ['of a proxy', { proxy: { url: 'http://proxy.example:3128' } }, 'proxy.example'],
    ['of a SOCKS proxy', { proxy: { url: 'socks5://proxy.example:1080' } }, 'proxy.example'],
  ])('is not followed: %s', async (_, options, name) => {
    for (const address of ['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe']) {
      NAMES.to = [
        { address: '127.0.0.1', family: 4 },
        { address, family: address.includes(':') ? 6 : 4 },
      ];
      const error = await ask(options);

      expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
      expect(String(error)).toContain('leads to a link-local or metadata address');
    }
    expect(NAMES.led).toContain(name);
  });
});
