import { foldText } from '@kairos/domain';

/** Four base-36 digits hold any code point, so a pair is eight characters that no tokenizer splits. */
const digits = (char: string): string => (char.codePointAt(0) ?? 0).toString(36).padStart(4, '0');

/** Neighbouring characters of a stretch without spaces, as index tokens. */
function pairsOf(word: string): string[] {
  const chars = Array.from(word, digits);
  return chars.slice(1).map((char, i) => `${chars[i] ?? ''}${char}`);
}

const wordsOf = (text: string): string[] => text.split(/\s+/u).filter((word) => word !== '');

/** Stands between stretches, so that no phrase matches over their border. */
const BORDER = 'x';

/** What the index holds of a text: the pairs of its stretches, in order. */
export const indexText = (text: string): string =>
  wordsOf(text)
    .map((word) => pairsOf(word).join(' '))
    .join(` ${BORDER} `);

export interface SearchTerms {
  /** For `MATCH`: a phrase of pairs for each word of two or more characters; undefined without such words. */
  readonly match: string | undefined;
  /** Single characters have no pair: these are looked for in the text itself. */
  readonly singles: readonly string[];
}

/** What a query asks of the index. The words become phrases of digits, so nothing in them is ever syntax. */
export function searchTerms(query: string): SearchTerms {
  const words = wordsOf(foldText(query));
  const phrases = words.map(pairsOf).filter((pairs) => pairs.length > 0);
  return {
    match: phrases.length > 0 ? phrases.map((pairs) => `"${pairs.join(' ')}"`).join(' AND ') : undefined,
    singles: words.filter((word) => pairsOf(word).length === 0),
  };
}
