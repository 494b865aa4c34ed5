import { describe, expect, it } from 'vitest';
import { guardedLookup, isForbiddenHost, isLoopbackHost, originOf, refusalOf } from './addresses.ts';

describe('refusalOf', () => {
  it.each([
    'https://api.binance.com',
    'http://127.0.0.1:8080',
    'http://localhost:1',
    'http://[::1]:9',
    'http://127.9.9.9',
  ])('lets %s be called', (address) => {
    expect(refusalOf(new URL(address))).toBeUndefined();
  });

  it.each([
    'http://api.binance.com',
    'http://10.0.0.1',
    'https://169.254.169.254',
    'https://169.254.0.23',
    'https://[fd00:ec2::254]',
    'https://[fe80::1]',
    'https://[::ffff:169.254.169.254]',
    'https://2852039166',
    'https://metadata.google.internal',
    'https://100.100.100.200',
    'https://0.0.0.0',
    'http://localhost.evil.example',
    'https://user:pw@api.binance.com',
    'ftp://api.binance.com',
    'file:///etc/passwd',
  ])('refuses %s', (address) => {
    expect(refusalOf(new URL(address))).toEqual(expect.any(String));
  });
});

describe('originOf', () => {
  it('refuses what is no origin, naming the key', () => {
    for (const bad of ['nonsense', 'https://x.example/api', 'https://x.example/?a=1', 'http://x.example']) {
      expect(() => originOf(bad, 'sources.binance.baseUrl')).toThrow(/sources\.binance\.baseUrl/);
    }
    expect(originOf('http://127.0.0.1:8080', 'k').host).toBe('127.0.0.1:8080');
  });
});

describe('hosts', () => {
  it('are told by address, not by how they look', () => {
    expect(isLoopbackHost('127.0.0.1.evil.example')).toBe(false);
    expect(isLoopbackHost('LOCALHOST.')).toBe(true);
    expect(isForbiddenHost('169.254.1.1')).toBe(true);
    expect(isForbiddenHost('169.253.1.1')).toBe(false);
  });

  it('are looked up as usual where nothing is wrong', async () => {
    const addresses = await new Promise((resolve, reject) => {
      guardedLookup('localhost', { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
    });

    expect(addresses).toContainEqual(
      expect.objectContaining({ address: expect.stringMatching(/^(127\.|::1)/) }),
    );
  });

  it('are refused when a name leads to a forbidden address', async () => {
    const error = await new Promise((resolve) => void guardedLookup('169.254.169.254', {}, resolve));

    expect(String(error)).toContain('link-local or metadata');
  });
});
