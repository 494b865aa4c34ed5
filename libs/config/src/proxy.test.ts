import { ConfigError } from '@kairos/domain';
import { describe, expect, it } from 'vitest';
import type { Environment } from './environment.ts';
import { parseRuntimeConfig } from './parse-runtime-config.ts';
import { secretValues } from './runtime-config.ts';

const parse = (text: string, env: Environment = {}) => parseRuntimeConfig({ text, file: 'k.yaml', env });
const read = (env: Environment) => {
  const { proxy } = parse('', env);
  return proxy && { url: proxy.url.reveal(), except: proxy.except };
};

describe('the proxy of the environment', () => {
  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
    [{ HTTP_PROXY: 'http://a:1' }, undefined],
    [
      { HTTPS_PROXY: 'http://a:1', ALL_PROXY: 'http://b:1' },
      { url: 'http://a:1', except: [] },
    ],
    [
      { HTTPS_PROXY: 'http://a:1', https_proxy: 'http://b:1' },
      { url: 'http://b:1', except: [] },
    ],
    [{ ALL_PROXY: 'socks5://a:1080' }, { url: 'socks5://a:1080', except: [] }],
    [{ all_proxy: 'a:3128' }, { url: 'http://a:3128', except: [] }],
    [
      { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'localhost, .example,10.0.0.7 x:443' },
      { url: 'http://a:1', except: ['localhost', '.example', '10.0.0.7', 'x:443'] },
    ],
    [{ NO_PROXY: '*' }, undefined],
  ])('is read from %j', (env, expected) => {
    expect(read(env)).toEqual(expected);
  });

  it('is a secret', () => {
    const config = parse('', { HTTPS_PROXY: 'http://me:hidden@a:1' });

    expect(JSON.stringify(config)).not.toContain('hidden');
    expect(secretValues(config)).toEqual(['http://me:hidden@a:1', 'hidden']);
  });
});

describe('what the log must hide of a proxy', () => {
  it.each([
    ['http://me:p%40ss%2Fword@a:1', ['p%40ss%2Fword', 'p@ss/word']],
    ['http://token-alone@a:1', ['token-alone']],
    ['http://me:100%@a:1', ['100%']],
    ['http://a:1', []],
  ])('of %s is what a proxy is told of it, too', (url, parts) => {
    expect(secretValues(parse('', { ALL_PROXY: url }))).toEqual([url, ...parts]);
  });
});

describe('the proxy of a source', () => {
  const source = (proxy: string, more = '') => `sources: { okx: { proxy: '${proxy}'${more} } }`;

  it.each([
    'http://127.0.0.1:3128',
    'https://proxy.example',
    'socks5://127.0.0.1:1080',
    'socks5h://p:1',
    'none',
  ])('may be %s', (proxy) => {
    expect(parse(source(proxy)).sources['okx']).toMatchObject({ proxy });
  });

  it.each([
    ['127.0.0.1', 'must be a URL'],
    ['ftp://a:1', 'must begin with'],
    ['http://me:hidden@a:1', 'must not hold a user or password; give a proxy with those by HTTPS_PROXY'],
    ['http://a:1/x', 'must be an address without a path'],
  ])('may not be %s, which is not repeated', (proxy, why) => {
    const attempt = (): unknown => parse(source(proxy));

    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(why);
    expect(attempt).not.toThrow(/hidden/);
  });

  it('is nothing for a venue inside the process', () => {
    expect(() => parse(source('none', ', driver: sandbox'))).toThrow('belongs to driver ccxt');
  });
});
