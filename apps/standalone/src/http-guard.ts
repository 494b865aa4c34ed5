import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface GuardOptions {
  /** Whether this server answers to a host name (lower case, without port). */
  readonly isOwnHost: (name: string) => boolean;
  /** Demanded as `Authorization: Bearer …` when set. */
  readonly token: string | undefined;
}

/** What a request is refused with, or nothing. `en` and `zh` say what to do. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly en: string;
  readonly zh: string;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const EVERYWHERE = ['0.0.0.0', '::'];

const isAddress = (name: string): boolean => isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;

/**
 * Which names a server bound to `host` answers to: guards against DNS rebinding. One that listens on all addresses does
 * not know its names; it answers to any address, since only names can be rebound.
 */
export function ownHosts(host: string): (name: string) => boolean {
  const names = new Set([
    ...LOOPBACK,
    host.toLowerCase(),
    host.includes(':') ? `[${host.toLowerCase()}]` : host.toLowerCase(),
  ]);
  return (name) => names.has(name) || (EVERYWHERE.includes(host) && isAddress(name));
}

const hostName = (header: string): string => header.toLowerCase().replace(/:\d+$/, '');

function sameToken(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

const portOf = (header: string): string => /:(\d+)$/.exec(header)?.[1] ?? '';

/** Another port is another site: whoever serves pages there is not us. */
function foreignOrigin(request: FastifyRequest, isOwnHost: (name: string) => boolean): boolean {
  const { origin, host = '' } = request.headers;
  if (['cross-site', 'same-site'].includes(String(request.headers['sec-fetch-site']))) return true;
  if (origin === undefined) return false;
  if (!URL.canParse(origin)) return true;
  const from = new URL(origin);
  return !isOwnHost(hostName(from.host)) || from.port !== portOf(host);
}

/** What a POST is refused for before its body is read. */
function foreignBody({ headers }: FastifyRequest): Refusal | undefined {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return {
      status: 415,
      code: 'CONTENT_TYPE_REFUSED',
      en: 'send the body as Content-Type: application/json',
      zh: '请以 Content-Type: application/json 发送请求体',
    };
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity') return undefined;
  return {
    status: 415,
    code: 'CONTENT_ENCODING_REFUSED',
    en: 'send the body as it is, without Content-Encoding',
    zh: '请直接发送请求体，不要使用 Content-Encoding 压缩',
  };
}

/** Decides whether a request may pass: host, origin, token, content type and encoding, in that order. Pure but for the clock-free compare. */
export function refusalOf(request: FastifyRequest, options: GuardOptions): Refusal | undefined {
  if (!options.isOwnHost(hostName(request.headers.host ?? ''))) {
    return {
      status: 421,
      code: 'HOST_REFUSED',
      en: 'this server does not answer to that host name; use the address it printed at start',
      zh: '本服务不接受该主机名；请使用启动时打印的地址',
    };
  }
  if (foreignOrigin(request, options.isOwnHost)) {
    return {
      status: 403,
      code: 'ORIGIN_REFUSED',
      en: 'requests from other sites are refused',
      zh: '拒绝来自其他站点的请求',
    };
  }
  if (
    options.token !== undefined &&
    !sameToken(request.headers.authorization ?? '', `Bearer ${options.token}`)
  ) {
    return {
      status: 401,
      code: 'TOKEN_REFUSED',
      en: 'send the header Authorization: Bearer <http.token>',
      zh: '请发送请求头 Authorization: Bearer <http.token>',
    };
  }
  return request.method === 'POST' ? foreignBody(request) : undefined;
}

/** A body of such length, or of none that is told, may still be on its way: it is not waited for. */
const LONG_BODY = 65_536;

const hasLongBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > LONG_BODY;

/** Answers a refusal with the envelope that signals use. */
export function refuse(reply: FastifyReply, refusal: Refusal, locale: 'zh' | 'en'): FastifyReply {
  if (hasLongBody(reply.request)) reply.header('connection', 'close');
  return reply.code(refusal.status).send(envelopeOf(refusal, locale));
}

/** A refusal as signals would put it. */
export const envelopeOf = (refusal: Omit<Refusal, 'status'>, locale: 'zh' | 'en') => ({
  success: false,
  message: locale === 'zh' ? '请求被拒绝' : 'request refused',
  error: refusal[locale],
  code: refusal.code,
});
