import { ConfigError, KairosError, SourceError, UnsupportedError, ValidationError } from '@kairos/domain';
import { EXIT, printable, type ExitCode, type Language, type Terminal } from './command.ts';
import { regionHint } from './venue-hints.ts';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Faults of files that a person named, in words. */
const FILES: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  EEXIST: { en: 'there is such a file already; --force replaces it', zh: '文件已存在；--force 可覆盖' },
  ENOENT: { en: 'there is no such file or folder', zh: '文件或文件夹不存在' },
  EACCES: { en: 'not allowed', zh: '没有权限' },
  EISDIR: { en: 'that is a folder', zh: '这是一个文件夹' },
  ENOSPC: { en: 'the disk is full', zh: '磁盘已满' },
};

function kairosExit(error: KairosError): ExitCode {
  if (error instanceof ConfigError || error instanceof UnsupportedError || error instanceof ValidationError)
    return EXIT.usage;
  if (error instanceof SourceError) return EXIT.venue;
  return error.code.startsWith('STORE_') ? EXIT.store : EXIT.found;
}

/** Tells what went wrong and what to do; answers the exit code. */
export function explainFailure(error: unknown, language: Language, terminal: Terminal): ExitCode {
  if (KairosError.is(error)) {
    terminal.err(`kairos: ${error.code}: ${error.message.split('\n').map(printable).join('\n')}`);
    const hint = error instanceof SourceError ? regionHint(error, undefined, language) : undefined;
    if (hint !== undefined) terminal.err(hint);
    return kairosExit(error);
  }
  const said = FILES[codeOf(error) ?? '']?.[language];
  if (said !== undefined && error instanceof Error && 'path' in error) {
    // A link has two ends: the one that is in the way is the second.
    const place = 'dest' in error && typeof error.dest === 'string' ? error.dest : String(error.path);
    terminal.err(`kairos: ${printable(place)}: ${said}`);
    return EXIT.usage;
  }
  terminal.err(`kairos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.internal;
}
