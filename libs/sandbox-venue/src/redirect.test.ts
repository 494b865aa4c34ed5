import { describe, expect, it } from 'vitest';
import { redirectOrigins } from './redirect.ts';

describe('redirectOrigins', () => {
  it('replaces http origins at any depth and keeps paths and web sockets', () => {
    const addresses = { public: 'https://api.example.com/api/v3', ws: { spot: 'wss://stream.example.com' } };

    expect(redirectOrigins(addresses, 'http://127.0.0.1:1')).toEqual({
      public: 'http://127.0.0.1:1/api/v3',
      ws: { spot: 'wss://stream.example.com' },
    });
    expect(addresses.public).toBe('https://api.example.com/api/v3');
  });
});
