import type { FastifyReply } from 'fastify';
import { KairosError } from '@kairos/domain';
import type { Logger } from '@kairos/ports';
import { refuse, type Refusal } from './http-guard.ts';

/** Largest request body; larger ones are refused with 413. */
export const BODY_LIMIT = 1_048_576;

interface FailureDeps {
  readonly log: Logger;
  readonly locale: 'zh' | 'en';
  readonly hide?: ((text: string) => string) | undefined;
}

/** What a thrown error is answered with: our own by code, the framework's by status, all others as ours to mend. */
function refusalFor(
  error: { readonly statusCode?: number; readonly message?: string },
  hide: (text: string) => string,
): Refusal {
  const store = KairosError.is(error) && error.code.startsWith('STORE_') ? error.code : undefined;
  const status = store === 'STORE_BAD_INPUT' ? 400 : (error.statusCode ?? 500);
  const text = hide(error.message ?? '').slice(0, 200);
  if (status === 413) {
    const [en, zh] = [`the body exceeds ${BODY_LIMIT} bytes`, `请求体超过 ${BODY_LIMIT} 字节`];
    return { status, code: 'BODY_TOO_LARGE', en, zh };
  }
  if (status < 500) return { status, code: 'REQUEST_INVALID', en: text, zh: text };
  if (store !== undefined) {
    const en = 'the store is not available; try again later';
    return { status: 503, code: store, en, zh: '存储暂时不可用，请稍后重试' };
  }
  return { status: 500, code: 'INTERNAL', en: 'an error of ours; see the log', zh: '内部错误；请查看日志' };
}

/** Answers a thrown error with the envelope; what is ours to mend goes into the log. */
export function failed(
  deps: FailureDeps,
  error: { readonly statusCode?: number; readonly message?: string },
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalFor(error, deps.hide ?? ((text) => text));
  if (refusal.status >= 500) deps.log.error('http.failed', { error });
  return refuse(reply, refusal, deps.locale);
}

/** What every answer says: it is what its type says, nobody keeps it, and no page of another site may embed it. */
export const guarded = (reply: FastifyReply): FastifyReply =>
  reply
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
    .header('cross-origin-resource-policy', 'same-origin');
