import type { Text } from '../command.ts';

export type Verdict = 'ok' | 'warn' | 'fail';

/** What one look came to. */
export interface Check {
  /** Stable, for programs: `node`, `python`, `config`, `store`, `server`, `proxy`, `source.binance`, … */
  readonly id: string;
  readonly label: Text;
  readonly verdict: Verdict;
  /** What was seen. */
  readonly seen: Text;
  /** What to do; absent where there is nothing to be done. */
  readonly remedy?: Text | undefined;
}

export const same = (text: string): Text => ({ en: text, zh: text });
