import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { envelopeOf } from './http-guard.ts';

/** A request's head must have come within this. */
const HEAD_MS = 15_000;
/** How often requests that are too slow are looked for. */
const LOOK_MS = 5_000;
/** A connection on which nothing moves for so long is cut: who downloads must read. */
export const IDLE_MS = 120_000;
/** Connections at once. More are dropped, before they can use up the process's file handles. */
const MOST_CONNECTIONS = 1_000;

/** For Node's server: how long a head may take, and how often that is looked at. */
export const SERVER_LIMITS = { headersTimeout: HEAD_MS, connectionsCheckingInterval: LOOK_MS } as const;

export function limitConnections(server: Pick<Server, 'maxConnections'>): void {
  server.maxConnections = MOST_CONNECTIONS;
}

interface Unreadable {
  readonly status: string;
  readonly en: string;
  readonly zh: string;
}

function unreadable(code: string | undefined): Unreadable {
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: '431 Request Header Fields Too Large',
      en: 'address and headers exceed 16 KB',
      zh: '地址和请求头超过 16 KB',
    };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: '408 Request Timeout',
      en: 'the request did not come whole in time',
      zh: '请求未在规定时间内发送完整',
    };
  return {
    status: '400 Bad Request',
    en: 'not a request of HTTP/1.1 as it should be',
    zh: '不是规范的 HTTP/1.1 请求',
  };
}

/** Answers what is no HTTP with the envelope, and closes. Nothing after it on the connection can be trusted to be a request. */
export const unreadableAnswer =
  (locale: 'zh' | 'en') =>
  (error: { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { status, ...texts } = unreadable(error.code);
    const body = JSON.stringify(envelopeOf({ code: 'REQUEST_INVALID', ...texts }, locale));
    const head = [
      `HTTP/1.1 ${status}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  };
