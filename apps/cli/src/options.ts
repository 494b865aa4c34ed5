import { LANGUAGES, UsageError, type Call, type Language } from './command.ts';

/** Readers of options as commander leaves them. */

export const textOf = (call: Call, name: string): string | undefined => {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
};

export const flagOf = (call: Call, name: string): boolean => call.options[name] === true;

/** The language that is asked for by name; undefined: not said. @throws UsageError */
export function languageOption(call: Call): Language | undefined {
  const given = textOf(call, 'lang');
  const known = LANGUAGES.find((l) => l === given);
  if (given !== undefined && known === undefined)
    throw new UsageError({ en: `--lang ${given}: must be en or zh`, zh: `--lang ${given}：只能是 en 或 zh` });
  return known;
}

/** A whole number of an option. @throws UsageError */
export function wholeOf(
  call: Call,
  name: string,
  p: { readonly min: number; readonly max: number },
): number | undefined {
  const given = textOf(call, name);
  if (given === undefined) return undefined;
  const n = /^\d{1,12}$/.test(given) ? Number(given) : NaN;
  if (!(n >= p.min && n <= p.max))
    throw new UsageError({
      en: `--${dashed(name)} ${given}: write a whole number from ${p.min} to ${p.max}`,
      zh: `--${dashed(name)} ${given}：请写 ${p.min} 到 ${p.max} 的整数`,
    });
  return n;
}

const dashed = (name: string): string => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** A zone is wanted beside a time of day: whose else would it be? */
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Epoch milliseconds of an option; a day begins at its midnight UTC. @throws UsageError */
export function instantOf(call: Call, name: string): number | undefined {
  const given = textOf(call, name);
  if (given === undefined) return undefined;
  const at = INSTANT.test(given) ? Date.parse(given) : NaN;
  if (Number.isNaN(at))
    throw new UsageError({
      en: `--${dashed(name)} ${given}: write 2024-01-31 or 2024-01-31T10:00:00Z`,
      zh: `--${dashed(name)} ${given}：请写成 2024-01-31 或 2024-01-31T10:00:00Z`,
    });
  return at;
}

/** Both ends of a span, in order. @throws UsageError */
export function spanOf(call: Call): {
  readonly from: number | undefined;
  readonly to: number | undefined;
} {
  const from = instantOf(call, 'from');
  const to = instantOf(call, 'to');
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError({ en: '--from must lie before --to', zh: '--from 必须早于 --to' });
  return { from, to };
}

/** Comma-separated names of an option. */
export const listOf = (call: Call, name: string): readonly string[] | undefined =>
  textOf(call, name)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
