import { repositoryFiles, textOf } from './workspace.mjs';

/**
 * Every line knows its room: words that belong to some places only. Imports are the linter's affair; these are the words
 * that need no import. `only` lists where a word may stand, each place with its reason.
 *
 * @typedef {{ readonly place: RegExp, readonly why: string }} Place
 * @type {readonly { readonly name: string, readonly word: RegExp, readonly only: readonly Place[] }[]}
 */
const WORDS = [
  {
    name: 'the container (inversify, bind)',
    word: /['"]inversify['"]|(?<!\.)\bbind\(/,
    only: [
      { place: /^libs\/composition\//, why: 'wiring that all apps share' },
      { place: /^apps\/.*(composition-root|\.module)\.ts$/, why: 'wiring of one app' },
    ],
  },
  {
    name: 'the process (process.env, process.exit, SIGTERM)',
    word: /\bprocess\.(env|exit|exitCode)\b|\bSIGTERM\b|\bSIGINT\b/,
    only: [
      { place: /^(apps|tools)\//, why: 'programs own their process' },
      { place: /^libs\/sandbox-venue\/src\/main\.ts$/, why: 'a program of its own, to be started by hand' },
      {
        place: /^libs\/adapters\/runtime-/,
        why: 'workers are programs of their own, and are ended by signals',
      },
    ],
  },
  {
    name: 'time and chance (Date.now, new Date(), timers, Math.random, randomUUID)',
    word: /\bDate\.now\(|\bnew Date\(\)|\bsetTimeout\b|\bsetInterval\b|\bMath\.random\(|\brandomUUID\b/,
    only: [
      { place: /^libs\/adapters\/clock-system\//, why: 'the port Clock and the port Ids' },
      { place: /^apps\/[^/]+\/src\//, why: 'the app owns the timer that calls tick' },
      { place: /^tools\//, why: 'programs' },
      {
        place: /^libs\/sandbox-venue\//,
        why: 'stands in for a venue, which has a clock and a network of its own',
      },
      { place: /^libs\/adapters\/runtime-node\/src\/worker\//, why: 'a program in a process of its own' },
      { place: /^libs\/adapters\/[^/]+\/src\/client\.ts$/, why: 'time-outs of calls to the outside' },
    ],
  },
  {
    name: 'the network (fetch, ccxt, child processes)',
    word: /(?<![.\w#])fetch\(|['"]ccxt['"]|\bchild_process\b/,
    only: [
      { place: /^libs\/adapters\/(source|blob|runtime)-/, why: 'sources fetch, runtimes spawn' },
      { place: /^(apps|tools)\//, why: 'programs' },
      { place: /^libs\/config\//, why: 'ccxt is the name of a driver there, written in the configuration' },
      { place: /^libs\/composition\//, why: 'chooses the source by the name of its driver' },
    ],
  },
  {
    name: 'store languages (SELECT, INSERT, UpdateItem, ConditionExpression)',
    word: /\bSELECT\b|\bINSERT\b|\bUpdateItem\b|\bConditionExpression\b/,
    only: [
      { place: /^libs\/adapters\/store-/, why: 'stores speak their database’s language' },
      { place: /^tools\/bench\//, why: 'measures the database itself' },
    ],
  },
  {
    name: 'parsing (JSON.parse, YAML, zod)',
    word: /\bJSON\.parse\(|['"]yaml['"]|['"]zod['"]/,
    only: [
      { place: /^libs\/(signals|config|codec)\//, why: 'where text becomes values' },
      { place: /^(apps|tools)\//, why: 'doors and programs' },
      {
        place: /^libs\/adapters\/(store|source|blob|runtime|run-logs)-/,
        why: 'rows, answers and frames are text',
      },
      {
        place: /^libs\/adapters\/telemetry-pino\/src\/pretty-line\.ts$/,
        why: 'reads back the JSON line it is to make readable',
      },
      { place: /^libs\/sandbox-venue\//, why: 'a venue reads its requests' },
      { place: /^libs\/testkit\//, why: 'suites look into what was written' },
    ],
  },
  {
    name: 'console',
    word: /\bconsole\./,
    only: [{ place: /^(apps|tools)\//, why: 'programs talk to people; libraries log' }],
  },
  {
    name: 'wire names (task_id, data_type)',
    word: /\btask_id\b|\bdata_type\b/,
    only: [
      { place: /^libs\/signals\//, why: 'the wire format' },
      {
        place: /^libs\/config\/src\/scheduled-tasks/,
        why: 'collect tasks in the file bear the names of the wire',
      },
      { place: /^libs\/adapters\/runtime-python\//, why: 'names are written so in Python' },
      { place: /^libs\/adapters\/store-/, why: 'row codecs and column names' },
      { place: /^(apps|tools)\//, why: 'query parameters, tables for people' },
      {
        place: /^libs\/(tasks|scheduler|collectors)\//,
        why: 'keys of error details and log fields, read by people who know the wire names',
      },
    ],
  },
  {
    name: 'the reply envelope (success: true)',
    word: /\bsuccess: (true|false)\b/,
    only: [
      { place: /^libs\/signals\//, why: 'signals alone turn outcomes into replies' },
      {
        place: /^apps\/[^/]+\/src\/http-guard\.ts$/,
        why: 'refuses requests before there is a signal to answer',
      },
    ],
  },
];

const isTest = (path) => /\.test\.ts$|\/test\/|\/testing\/|^libs\/testkit\/|\/generated\//.test(path);
const isSource = (path) =>
  /^(apps|libs|tools)\/.*\.(ts|mjs)$/.test(path) && !path.startsWith('tools/checks/');

/** The lines of a source without its comments; lines keep their numbers. Good enough for words, which strings may hold. */
function codeLines(text) {
  const blanked = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return blanked.split('\n').map((line) => line.replace(/(^|\s)\/\/.*$/, ''));
}

/** @returns {string[]} one line per word that stands where it does not belong */
export function checkRoomWords() {
  return repositoryFiles()
    .filter((path) => isSource(path) && !isTest(path))
    .flatMap((path) => {
      const lines = codeLines(textOf(path) ?? '');
      return WORDS.filter(({ only }) => !only.some(({ place }) => place.test(path))).flatMap(
        ({ name, word }) =>
          lines.flatMap((line, i) =>
            word.test(line) ? [`${path}:${i + 1} speaks of ${name}: ${line.trim()}`] : [],
          ),
      );
    });
}
