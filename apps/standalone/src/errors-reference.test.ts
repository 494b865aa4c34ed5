import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TABLES = readFileSync(join(ROOT, 'docs/reference/errors.md'), 'utf8');

/** Stand-ins and what only tests use speak words of their own. */
const OUTSIDE = /(^|[\\/])(node_modules|dist|testkit|sandbox-venue|testing|test|scripts)([\\/]|$)/;

/** Capitals in quotes that are no codes: keys of texts, and names of other people's things. */
const OTHERS = new Set([
  // The locale of the system.
  'LC_MESSAGES',
  'COLLECTING_TASK_NOT_FOUND',
  'STORE_UNAVAILABLE',
  'REQUEST_WEIGHT',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
  'DELTA_BINARY_PACKED',
  'TIMESTAMP_MILLIS',
  'EAI_AGAIN',
  'FORCE_COLOR',
  'NO_COLOR',
  'KAIROS_CONFIG',
  'KAIROS_',
  'ALL_PROXY',
  'LC_ALL',
  'LC_CTYPE',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
]);
const FOREIGN = /^(SQLITE|KAIROS|HPE|ERR)_/;

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (OUTSIDE.test(path)) continue;
    if (entry.isDirectory()) yield* sources(path);
    else if (/(?<!\.test|\.test-support)\.ts$/.test(entry.name)) yield readFileSync(join(ROOT, path), 'utf8');
  }
}

/** Two or more words of capitals in quotes; single words where they are given as a code. */
function codesIn(text: string): string[] {
  const joined = [...text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)];
  const single = [
    ...text.matchAll(/(?:\bcode: |\bcode = |super\(\s*|failure\(\s*|\(what[^)]*, code = )'([A-Z]+)'/g),
  ];
  return [...joined, ...single].map(([, code = '']) => code);
}

const used = new Set([...sources('libs'), ...sources('apps')].flatMap(codesIn));
const codes = [...used].filter((code) => !OTHERS.has(code) && !FOREIGN.test(code)).sort();
const told = [...TABLES.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = '']) => code);

describe('docs/reference/errors.md', () => {
  it('is compared with sources that have codes', () => {
    expect(codes).toEqual(
      expect.arrayContaining(['VALIDATION', 'CONFIG', 'STORE_FULL', 'SOURCE_BAD_DATA', 'HOST_REFUSED']),
    );
  });

  it.each(codes)('has %s', (code) => {
    expect(told).toContain(code);
  });

  it('has nothing that no source knows, and nothing twice', () => {
    expect(told.filter((code) => !used.has(code))).toEqual([]);
    expect(told).toHaveLength(new Set(told).size);
  });

  it('has every finding', () => {
    const domain = readFileSync(join(ROOT, 'libs/domain/src/evidence.ts'), 'utf8');
    const findings = [...(domain.split('interface Finding')[1] ?? '').matchAll(/\| '(\w+)'/g)].map(
      ([, code]) => code,
    );

    expect(findings.length).toBeGreaterThan(5);
    for (const code of findings) expect(TABLES).toContain(`| \`${code}\``);
  });
});
