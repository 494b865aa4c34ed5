import type { FsckLanguage } from '@kairos/fsck';

/** Exit codes, told in docs/reference/cli.md. */
export const EXIT = {
  ok: 0,
  found: 1,
  usage: 2,
  store: 3,
  venue: 4,
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Language = FsckLanguage;
export const LANGUAGES: readonly Language[] = ['en', 'zh'];

/** What a command may touch of the process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output. */
  out(text: string): void;
  /** Standard error. */
  err(text: string): void;
  /** A line that is written over, for people who watch; undefined where nobody does. An empty text wipes it. */
  readonly progress?: ((text: string) => void) | undefined;
  /** Aborts when somebody wants the program to stop. From the first call on that is the command's to heed. */
  interruption?(): AbortSignal;
}

export interface Command {
  readonly name: string;
  readonly summary: Readonly<Record<Language, string>>;
  /** @throws UsageError; ConfigError; StoreError when the store cannot be opened */
  run(args: readonly string[], terminal: Terminal): Promise<ExitCode>;
}

/** The command was called wrongly: told with a pointer to its help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Stored names may hold anything; a terminal obeys control characters. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
