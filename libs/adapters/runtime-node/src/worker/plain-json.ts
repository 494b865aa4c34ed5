/** A value as JSON gives it back. @throws Error with code `JOB_FRAME` where it would not be the same, or is too long */
export function plainJson(value: unknown, what: string, maxBytes: number): unknown {
  const wrong = (text: string): Error => Object.assign(new Error(text), { code: 'JOB_FRAME' });
  const text: string | undefined = JSON.stringify(value ?? null, (key, part: unknown) => {
    const where = key === '' ? '' : ` as ${key}`;
    if (typeof part === 'number' && !Number.isFinite(part))
      throw wrong(`${what} holds ${part}${where}, which JSON cannot say`);
    if (typeof part === 'bigint')
      throw wrong(`${what} holds a bigint${where}, which JSON cannot say: give it as text`);
    return part;
  });
  if (text === undefined) throw wrong(`${what} is a ${typeof value}, which JSON cannot say`);
  const size = Buffer.byteLength(text);
  if (size > maxBytes)
    throw wrong(`${what} takes ${size} bytes of JSON; at most ${maxBytes} are handed over`);
  return JSON.parse(text);
}
