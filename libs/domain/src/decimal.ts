/**
 * Decimals as text and as scaled integers. Canonical text has no exponent, no plus sign, no leading or trailing zeros,
 * no −0. Equality of decimals is equality of canonical text.
 */
const NUMBER = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/;
const MAX_EXPONENT = 400;

/** A decimal as `±digits × 10^-scale`; `digits` has no leading zeros, scale no trailing ones. Zero is `{digits:'0', scale:0}`. */
export interface DecimalParts {
  readonly negative: boolean;
  readonly digits: string;
  readonly scale: number;
}

/** Reads any plain or exponent decimal; `undefined` when the text is not one. */
export function parseDecimal(text: string): DecimalParts | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const shift = Number(exponent);
  if (Math.abs(shift) > MAX_EXPONENT) return undefined;
  let digits = whole + fraction;
  let scale = fraction.length - shift;
  if (scale < 0) {
    digits += '0'.repeat(-scale);
    scale = 0;
  }
  let end = digits.length;
  while (scale > 0 && end > 0 && digits.charCodeAt(end - 1) === 48) {
    end -= 1;
    scale -= 1;
  }
  digits = digits.slice(0, end).replace(/^0+/, '');
  if (digits === '') return { negative: false, digits: '0', scale: 0 };
  return { negative: sign === '-', digits, scale };
}

export function formatDecimal(d: DecimalParts): string {
  const sign = d.negative ? '-' : '';
  if (d.scale === 0) return sign + d.digits;
  const padded = d.digits.padStart(d.scale + 1, '0');
  return `${sign}${padded.slice(0, -d.scale)}.${padded.slice(-d.scale)}`;
}

/** Canonical text of a decimal; `undefined` when it is not one. Numbers become their shortest round-trip text. */
export function canonicalDecimal(value: string | number): string | undefined {
  const parts = parseDecimal(typeof value === 'number' ? String(value) : value);
  return parts && formatDecimal(parts);
}

/** Text of `int × 10^-scale`, canonical. */
export function scaledToText(int: number | bigint, scale: number): string {
  if (scale === 0) return int === 0 ? '0' : String(int);
  const raw = String(int);
  const negative = raw.charCodeAt(0) === 45;
  const digits = negative ? raw.slice(1) : raw;
  let end = digits.length;
  let left = scale;
  while (left > 0 && end > 0 && digits.charCodeAt(end - 1) === 48) {
    end -= 1;
    left -= 1;
  }
  if (end === 0) return '0';
  return formatDecimal({ negative, digits: digits.slice(0, end), scale: left });
}

/** Orders two canonical decimals by value: negative, zero or positive, as sort functions want. */
export function compareDecimals(a: string, b: string): number {
  const x = parseDecimal(a);
  const y = parseDecimal(b);
  if (!x || !y) throw new RangeError(`not decimals: ${a}, ${b}`);
  const scale = Math.max(x.scale, y.scale);
  const left = toScaled(x, scale);
  const right = toScaled(y, scale);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The value as an integer at `scale`, exact; `scale` must not be below the value's own. */
export function toScaled(d: DecimalParts, scale: number): bigint {
  const int = BigInt(d.digits) * 10n ** BigInt(scale - d.scale);
  return d.negative ? -int : int;
}
