/** Exit codes, told in docs/reference/cli.md. */
export const EXIT = {
  ok: 0,
  found: 1,
  usage: 2,
  store: 3,
  venue: 4,
  server: 5,
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
/** A text in every language. */
export type Text = Readonly<Record<Language, string>>;

/** What an output shows: undefined `width` where nobody looks. */
export interface Display {
  /** Columns. */
  readonly width: number | undefined;
  readonly colors: boolean;
  /** False: ASCII only. */
  readonly unicode: boolean;
}

/** What a command may touch of the process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output, a line or more. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  /** A line that is written over, for people who watch; undefined where nobody does. An empty text wipes it. */
  readonly progress?: ((text: string) => void) | undefined;
  /** Lines that are written over as one block, for people who watch. An empty list leaves what stands there. */
  readonly block?: ((lines: readonly string[]) => void) | undefined;
  /** What standard output and standard error show; default: nobody looks. */
  readonly display?: { readonly out: Display; readonly err: Display } | undefined;
  /** Standard output, piece by piece and as it is: resolves when more is wanted. */
  pour?(chunk: string | Uint8Array): Promise<void>;
  /** All of standard input. */
  input?(): Promise<Uint8Array>;
  /** Aborts when somebody wants the program to stop. From the first call on that is the command's to heed. */
  interruption?(): AbortSignal;
}

/** A command was called as its declaration allows: words in order, options by their long names. */
export interface Call {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly terminal: Terminal;
}

/** What a command does. @throws UsageError; ServerError; any KairosError */
export type Work = (call: Call) => Promise<ExitCode>;

/** The command was called wrongly: told with a pointer to its help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly text: Text;

  constructor(text: Text) {
    super(text.en);
    this.text = text;
  }
}

/** A server that is needed does not answer, or is not the one that is meant. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
}

/** Stored names may hold anything; a terminal obeys control characters. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
