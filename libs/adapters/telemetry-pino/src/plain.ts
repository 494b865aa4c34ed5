/** A field as it can be written: no functions, no cycles, nothing larger than a log line can bear. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const DEEPEST = 8;
const MOST_ENTRIES = 100;
const LONGEST_TEXT = 4_000;

/** The fields of an error that are written. Others (an SDK's request, its headers) may hold anything, so they are not. */
interface ErrorView {
  readonly code: unknown;
  readonly message: string;
  readonly cause?: unknown;
}

function errorView(error: Error): ErrorView {
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? error.code : error.name;
  const cause = error instanceof AggregateError ? (error.cause ?? error.errors) : error.cause;
  return cause === undefined ? { code, message: error.message } : { code, message: error.message, cause };
}

/** Turns values into plain ones. `text` has every string pass through it, keys included. */
export class Plainer {
  readonly #text: (text: string) => string;

  constructor(text: (text: string) => string) {
    this.#text = text;
  }

  /** Never throws: what cannot be read is written as `[unreadable]`. */
  plain(value: unknown, above: readonly object[] = []): Plain | undefined {
    try {
      return this.#plain(value, above);
    } catch {
      return '[unreadable]';
    }
  }

  #plain(value: unknown, above: readonly object[]): Plain | undefined {
    switch (typeof value) {
      case 'string':
        return this.#bounded(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return value;
      case 'bigint':
      case 'symbol':
        return this.#bounded(String(value));
      case 'object':
        return value === null ? null : this.#object(value, above);
      default:
        return undefined;
    }
  }

  /** Cut behind the redaction, lest the cut leave half a secret that no longer looks like one. */
  #bounded(value: string): string {
    const text = this.#text(value);
    return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters)`;
  }

  /** A secret of digits may come along as a number. */
  #number(value: number): Plain {
    const written = String(value);
    const text = this.#text(written);
    return Number.isFinite(value) && text === written ? value : text;
  }

  #object(value: object, above: readonly object[]): Plain | undefined {
    if (above.includes(value)) return '[circular]';
    if (above.length >= DEEPEST) return '[deep]';
    const path = [...above, value];
    if (value instanceof Error) return this.#record(Object.entries(errorView(value)), path);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Map)
      return this.#record(
        [...value].map(([k, v]) => [String(k), v] as const),
        path,
      );
    if (value instanceof Set || Array.isArray(value)) return this.#list([...value], path);
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.plain(value.toJSON(), path);
    return this.#record(
      Object.keys(value).map((key) => [key, this.#read(value, key)] as const),
      path,
    );
  }

  #read(value: object, key: string): unknown {
    try {
      return Reflect.get(value, key);
    } catch {
      return '[unreadable]';
    }
  }

  #list(items: readonly unknown[], path: readonly object[]): Plain {
    const shown = items.slice(0, MOST_ENTRIES).map((item) => this.plain(item, path) ?? null);
    const more = items.length - shown.length;
    return more > 0 ? [...shown, `… ${more} more`] : shown;
  }

  #record(entries: readonly (readonly [string, unknown])[], path: readonly object[]): Plain {
    const out: [string, Plain][] = [];
    for (const [key, item] of entries.slice(0, MOST_ENTRIES)) {
      const plain = this.plain(item, path);
      if (plain !== undefined) out.push([this.#bounded(key), plain]);
    }
    if (entries.length > MOST_ENTRIES) out.push(['…', `${entries.length - MOST_ENTRIES} more`]);
    return Object.fromEntries(out);
  }
}
