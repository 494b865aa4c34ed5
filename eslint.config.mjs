import { builtinModules } from 'node:module';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/**
 * Which layer may import which, and what of the outside world it may not name. The table of docs/architecture.md, as a rule;
 * tools/checks plants a violation and proves that this file refuses it.
 */
const DRIVERS = ['better-sqlite3', 'ccxt', 'undici', 'fastify', 'pino', 'pino-pretty'];
const SDKS = ['@aws-sdk/**', 'aws-sdk', 'tencentcloud-sdk-nodejs*', 'cos-nodejs-sdk-v5'];
const BEYOND_PORTS = ['inversify', ...DRIVERS, ...SDKS];

const LAYERS = [
  { layer: 'domain', mayImport: ['domain'], banned: [...BEYOND_PORTS, 'zod', 'yaml'] },
  { layer: 'port', mayImport: ['domain'], banned: [...BEYOND_PORTS, 'zod', 'yaml'] },
  { layer: 'core', mayImport: ['domain', 'port'], banned: BEYOND_PORTS },
  { layer: 'door', mayImport: ['domain', 'port', 'core'], banned: [...BEYOND_PORTS, 'yaml'] },
  { layer: 'adapter-common', mayImport: ['domain', 'port'], banned: BEYOND_PORTS },
  { layer: 'adapter', mayImport: ['domain', 'port', 'adapter-common'], banned: ['inversify'] },
  { layer: 'testkit', mayImport: ['domain', 'port', 'testkit'], banned: ['inversify'] },
  { layer: 'composition', mayImport: ['domain', 'port', 'core', 'door', 'adapter'], banned: [] },
  { layer: 'app', mayImport: ['composition', 'adapter', 'door', 'core', 'domain', 'port'], banned: [] },
  { layer: 'tool', mayImport: ['domain', 'port', 'core', 'tool'], banned: ['inversify'] },
];

const PLATFORMS = [
  { sourceTag: 'platform:any', onlyDependOnLibsWithTags: ['platform:any'] },
  { sourceTag: 'platform:node', onlyDependOnLibsWithTags: ['platform:any', 'platform:node'] },
  { sourceTag: 'platform:aws', onlyDependOnLibsWithTags: ['platform:any', 'platform:node', 'platform:aws'] },
  {
    sourceTag: 'platform:tencent',
    onlyDependOnLibsWithTags: ['platform:any', 'platform:node', 'platform:tencent'],
  },
];

const layers = (names) => names.map((name) => `layer:${name}`);

const boundaries = (depConstraints) => [
  'error',
  { enforceBuildableLibDependency: false, allow: [], depConstraints },
];

const PRODUCTION = boundaries([
  ...LAYERS.map(({ layer, mayImport, banned }) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: layers(mayImport),
    bannedExternalImports: banned,
  })),
  ...PLATFORMS,
]);

/** Tests run on Node, may use the testkit, and reach for Node's own modules; the container stays where it is. */
const TESTS = boundaries(
  LAYERS.map(({ layer, mayImport, banned }) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: layers([...mayImport, 'testkit']),
    bannedExternalImports: banned.includes('inversify') ? ['inversify'] : [],
  })),
);

const SYNTAX = [
  { selector: 'TSEnumDeclaration', message: 'Use an `as const` array and its union type.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  { selector: 'ExportAllDeclaration', message: 'List the exported names one by one.' },
  { selector: 'TSParameterProperty', message: 'Declare the field, and assign it.' },
];

/** Names of the real world that the pure rooms must not know: time and chance come through ports. */
const AMBIENT = ['process', 'setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) => ({
  name,
  message: 'Rooms reach the outside through ports.',
}));

/** The rooms: they touch nothing of the platform, so they run wherever they are put. */
const ROOMS = [
  'domain',
  'codec',
  'schedule',
  'ports',
  'config',
  'tasks',
  'scheduler',
  'jobs',
  'collectors',
  'series',
  'fsck',
  'signals',
];

/** Node's own modules are no packages, so the boundary rule does not see them: this one does, with and without `node:`. */
function bannedImports({ except = [], names = [] }) {
  const builtins = builtinModules.filter((name) => !name.startsWith('_') && !except.includes(name));
  const regex = `^(node:)?(${builtins.join('|')})(/.*)?$`;
  return {
    'no-restricted-imports': [
      'error',
      { paths: names, patterns: [{ regex, message: 'Rooms reach the outside through ports.' }] },
    ],
  };
}

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/node_modules/**', 'coverage/**', '**/.nx/**', '**/generated/**', 'data/**'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': PRODUCTION,
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', ...SYNTAX],
      'no-console': 'error',
      'no-control-regex': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: [`libs/{${ROOMS.join(',')}}/src/**/*.ts`],
    rules: { 'no-restricted-globals': ['error', ...AMBIENT], ...bannedImports({}) },
  },
  {
    // Pure, and yet in need of the one thing that only the platform does well.
    files: ['libs/codec/src/**/*.ts'],
    rules: bannedImports({ except: ['zlib'] }),
  },
  {
    // Text is parsed once, at the door or by config; the rooms behind them trust what they get.
    files: ['libs/{tasks,scheduler,collectors,series}/src/**/*.ts'],
    rules: bannedImports({ names: ['zod', 'yaml'] }),
  },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts', '**/testing/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': TESTS,
      // A test that skips itself says why.
      'no-console': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-imports': 'off',
    },
  },
  {
    // The sandbox venue stands in for a real one where a source or an app is tried end to end.
    files: [
      'libs/adapters/source-ccxt/src/**/*.test.ts',
      'libs/adapters/source-ccxt/src/testing/**/*.ts',
      'apps/**/*.test.ts',
      'apps/**/test/**/*.ts',
    ],
    rules: {
      '@nx/enforce-module-boundaries': boundaries(
        LAYERS.map(({ layer, mayImport }) => ({
          sourceTag: `layer:${layer}`,
          onlyDependOnLibsWithTags: layers([...mayImport, 'testkit', 'adapter']),
        })),
      ),
    },
  },
  {
    files: ['apps/**/*.ts', 'tools/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['vitest.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
