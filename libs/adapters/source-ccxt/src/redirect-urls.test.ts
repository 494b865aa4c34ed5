import { describe, expect, it } from 'vitest';
import { redirectUrls } from './redirect-urls.ts';

describe('redirectUrls', () => {
  it('replaces every origin, nested and templated, and keeps the paths', () => {
    const addresses = {
      public: 'https://api.venue.example/api/v3',
      rest: 'https://{hostname}',
      spot: { private: 'https://api.{hostname}/v5', deep: { data: 'http://a.example/x?y=1' } },
      ws: 'wss://stream.venue.example/ws',
      none: undefined,
    };

    expect(redirectUrls(addresses, 'http://127.0.0.1:8080')).toEqual({
      public: 'http://127.0.0.1:8080/api/v3',
      rest: 'http://127.0.0.1:8080',
      spot: { private: 'http://127.0.0.1:8080/v5', deep: { data: 'http://127.0.0.1:8080/x?y=1' } },
      ws: 'wss://stream.venue.example/ws',
      none: undefined,
    });
  });
});
