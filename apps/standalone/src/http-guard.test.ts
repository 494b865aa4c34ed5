import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { ownHosts, refusalOf } from './http-guard.ts';

const TOKEN = 'correct-horse-battery';

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bound?: string;
  readonly token?: string;
}

/** Status and code of the refusal of a request that is fine but for what the test says of it. */
function refused({ method = 'GET', headers = {}, bound = '127.0.0.1', token }: Asked): string | undefined {
  const request = { method, headers: { host: '127.0.0.1:8640', ...headers } } as unknown as FastifyRequest;
  const refusal = refusalOf(request, { isOwnHost: ownHosts(bound), token });
  return refusal && `${refusal.status} ${refusal.code}`;
}

describe('the host allow-list', () => {
  it.each(['localhost', 'localhost:8640', '127.0.0.1', '127.0.0.1:8640', '[::1]:8640', 'LOCALHOST:1'])(
    'lets %s pass on loopback',
    (host) => {
      expect(refused({ headers: { host } })).toBeUndefined();
    },
  );

  it.each([
    '',
    'evil.example',
    'evil.example:8640',
    'localhost.evil.example',
    'evil.example:127.0.0.1',
    '127.0.0.1.nip.io:8640',
    '192.0.2.7:8640',
    '0.0.0.0:8640',
    'localhost:8640:8640',
    'user@localhost',
  ])('refuses %j on loopback: a rebound name does not reach us', (host) => {
    expect(refused({ headers: { host } })).toBe('421 HOST_REFUSED');
  });

  it('lets the name pass that the server is bound to', () => {
    expect(refused({ bound: 'Kairos.Example', headers: { host: 'kairos.example:8640' } })).toBeUndefined();
    expect(refused({ bound: '2001:DB8::7', headers: { host: '[2001:db8::7]:8640' } })).toBeUndefined();
    expect(refused({ bound: 'kairos.example', headers: { host: 'other.example' } })).toBe('421 HOST_REFUSED');
  });

  it.each(['0.0.0.0', '::'])('lets any address pass, but no name, when bound to %s', (bound) => {
    for (const host of ['192.0.2.7:8640', '[2001:db8::7]:8640', 'localhost:8640']) {
      expect(refused({ bound, headers: { host } })).toBeUndefined();
    }
    for (const host of ['evil.example:8640', '192.0.2.7.evil.example', '1.2.3:8640', '']) {
      expect(refused({ bound, headers: { host } })).toBe('421 HOST_REFUSED');
    }
  });
});

describe('the origin check', () => {
  it.each([
    { origin: 'https://evil.example' },
    { origin: 'http://localhost.evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'file://' },
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1:8640', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://localhost' },
    { origin: 'https://localhost' },
  ])('refuses %j', (headers) => {
    expect(refused({ headers: headers as Record<string, string> })).toBe('403 ORIGIN_REFUSED');
  });

  it.each([
    {},
    { origin: 'http://127.0.0.1:8640' },
    { origin: 'http://localhost:8640', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])('lets %j pass', (headers) => {
    expect(refused({ headers: headers as Record<string, string> })).toBeUndefined();
  });
});

describe('the token', () => {
  it.each([
    undefined,
    '',
    TOKEN,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `bearer ${TOKEN}`,
    `Basic ${TOKEN}`,
    `Bearer  ${TOKEN}`,
  ])('is wanted as a bearer header: %j is refused', (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };

    expect(refused({ token: TOKEN, headers })).toBe('401 TOKEN_REFUSED');
  });

  it('opens the door', () => {
    expect(refused({ token: TOKEN, headers: { authorization: `Bearer ${TOKEN}` } })).toBeUndefined();
  });

  it('does not open it to a rebound name or a foreign site', () => {
    const authorization = `Bearer ${TOKEN}`;

    expect(refused({ token: TOKEN, headers: { authorization, host: 'evil.example' } })).toBe(
      '421 HOST_REFUSED',
    );
    expect(refused({ token: TOKEN, headers: { authorization, origin: 'https://evil.example' } })).toBe(
      '403 ORIGIN_REFUSED',
    );
  });
});

describe('the content type', () => {
  const post = (type?: string) =>
    refused({ method: 'POST', headers: type === undefined ? {} : { 'content-type': type } });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'of a POST may be %s',
    (type) => {
      expect(post(type)).toBeUndefined();
    },
  );

  it.each([
    undefined,
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'text/plain; application/json',
    'application/json, text/plain',
  ])('of a POST may not be %j: a form of another site could send it', (type) => {
    expect(post(type)).toBe('415 CONTENT_TYPE_REFUSED');
  });
});

describe('the content encoding', () => {
  const post = (encoding: string) =>
    refused({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
    });

  it.each(['identity', 'Identity'])('of a POST may be %s', (encoding) => {
    expect(post(encoding)).toBeUndefined();
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'x', '', 'identity, gzip'])(
    'of a POST may not be %j: a small body could be a very large one',
    (encoding) => {
      expect(post(encoding)).toBe('415 CONTENT_ENCODING_REFUSED');
    },
  );
});
