/** A request as dialects, faults and hooks see it. */
export interface VenueRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The address it came from; limits are counted by it. */
  readonly address: string;
  /** What it costs, already charged. */
  readonly weight: number;
  /** Venue time of arrival. */
  readonly at: number;
}

/** How an answer travels where it does not simply arrive. */
export type Delivery =
  /** No byte is ever sent; the connection stays open until the client or the venue closes it. */
  | { readonly kind: 'silent' }
  /** Headers and half of the body are sent, then nothing more; the connection stays open. */
  | { readonly kind: 'half-open' }
  /** The connection is reset before the answer, or after its headers. */
  | { readonly kind: 'reset'; readonly afterHeaders: boolean }
  /** Byte by byte, one in `everyMs`. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** A small gzip body that inflates to so many megabytes of spaces, in place of the answer's own. */
  | { readonly kind: 'bomb'; readonly megabytes: number };

/** What goes back. The last four fields are ways to go wrong. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Waits so long before answering, on top of the venue's latency. */
  readonly delayMs: number;
  /** Announces the whole body, sends so many bytes of it and cuts the connection. */
  readonly truncateAt: number | undefined;
  /** Cuts the connection without a word. */
  readonly destroy: boolean;
  readonly delivery: Delivery | undefined;
}

/** A plain answer with this body, as JSON unless the headers say otherwise. */
export const answerOf = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json;charset=UTF-8', ...headers },
  body,
  delayMs: 0,
  truncateAt: undefined,
  destroy: false,
  delivery: undefined,
});

export const jsonAnswer = (value: unknown, status = 200): Answer => answerOf(status, JSON.stringify(value));
