import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TEXT = readFileSync(join(ROOT, 'docs/reference/threats.md'), 'utf8');

/** The rows of the table under a heading, as cells. */
function rows(heading: string): string[][] {
  const section = TEXT.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const table = section.split('\n').filter((line) => line.startsWith('|'));
  return table.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

interface Proof {
  readonly file: string;
  readonly title: string;
}

const proofsIn = (cell: string): Proof[] =>
  [...cell.matchAll(/`([^`]+)` “([^”]+)”/g)].map(([, file = '', title = '']) => ({ file, title }));

const NOW = rows('Doors that exist');
const PROOFS = NOW.flatMap(([, , proof = '']) => proofsIn(proof));

describe('the table of threats', () => {
  it('has for every threat of today a rule and a proof', () => {
    expect(NOW.length).toBeGreaterThan(25);
    for (const [threat, rule = '', proof = '', ...rest] of NOW) {
      expect(rest, threat).toEqual([]);
      expect(rule, threat).not.toBe('');
      expect(proofsIn(proof).length, threat).toBe(proof.split(/”;?/).length - 1);
      expect(proofsIn(proof), threat).not.toEqual([]);
    }
  });

  it('says of every other threat with what it comes', () => {
    const later = rows('Doors to come');

    expect(later.length).toBeGreaterThan(3);
    for (const cells of later) expect(cells.filter((cell) => cell !== '')).toHaveLength(2);
  });

  it.each(PROOFS)('names a test that exists: $file $title', ({ file, title }) => {
    const path = join(ROOT, file);

    expect(file).toMatch(/\.test\.ts$/);
    expect(existsSync(path)).toBe(true);
    // The title of a test, of a group or of a case of a table: a text in quotes.
    const quoted = [`'${title}`, `\`${title}`, `"${title}`];
    expect(quoted.some((text) => readFileSync(path, 'utf8').includes(text))).toBe(true);
  });

  it('names every file of tests that is about nothing else', () => {
    const named = new Set(PROOFS.map((p) => p.file));
    const own = [
      'apps/standalone/src/security-http.test.ts',
      'apps/standalone/src/security-supply-chain.test.ts',
      'apps/standalone/test/secrets.e2e.test.ts',
      'libs/adapters/source-ccxt/src/security-addresses.test.ts',
      'libs/adapters/store-sqlite/src/security-sqlite.test.ts',
      'libs/signals/src/security-names.test.ts',
    ];

    expect(own.filter((file) => !named.has(file))).toEqual([]);
  });
});
