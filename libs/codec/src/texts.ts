import type { ByteReader, ByteWriter } from './bytes.ts';
import { readDeflated, writeDeflated } from './deflate.ts';
import { corrupt } from './frame.ts';
import type { Effort } from './naturals.ts';
import { readResiduals, writeResiduals } from './residuals.ts';

const UTF8 = 0;
/** For texts with half a surrogate pair, which UTF-8 cannot hold. */
const UTF16 = 1;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE_SURROGATE = /\p{Surrogate}/u;

function toUtf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i += 1) {
    bytes[2 * i] = text.charCodeAt(i) & 255;
    bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
  }
  return bytes;
}

function fromUtf16(bytes: Uint8Array): string {
  const units: string[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    units.push(String.fromCharCode((bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8)));
  }
  return units.join('');
}

/** Texts one after another, without their count; any JavaScript string comes back unit for unit. */
export function writeTexts(out: ByteWriter, texts: readonly string[], effort: Effort): void {
  writeResiduals(
    out,
    Float64Array.from(texts, (t) => t.length),
    effort,
  );
  const joined = texts.join('');
  const lone = LONE_SURROGATE.test(joined);
  out.byte(lone ? UTF16 : UTF8);
  writeDeflated(out, lone ? toUtf16(joined) : ENCODER.encode(joined), effort === 'plain' ? 0 : 1);
}

export function readTexts(input: ByteReader, count: number): string[] {
  const lengths = readResiduals(input, count);
  const utf16 = input.byte() === UTF16;
  const bytes = readDeflated(input);
  const joined = utf16 ? fromUtf16(bytes) : DECODER.decode(bytes);
  const texts: string[] = [];
  let at = 0;
  for (const length of lengths) {
    if (!(length >= 0) || at + length > joined.length) throw corrupt('a text ends early');
    texts.push(joined.slice(at, at + length));
    at += length;
  }
  return texts;
}
