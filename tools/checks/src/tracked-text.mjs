import { repositoryFiles, textOf } from './workspace.mjs';

/** Written in pieces, so that this file does not find itself. Tests may name such hosts: as what is to be refused. */
const HOMES = ['home', 'Users', 'root', 'work'].join('|');
const PLACES = [
  {
    what: 'a folder of one machine',
    pattern: new RegExp(`(?<![\\w.~/-])/(${HOMES})/[a-z_.][\\w.-]*/`),
    tests: true,
  },
  { what: 'a folder of one machine', pattern: new RegExp(`[A-Z]:\\\\(${HOMES})\\\\`), tests: true },
  { what: 'a private address', pattern: /\b(10\.\d{1,3}|192\.168)\.\d{1,3}\.\d{1,3}:\d+/, tests: false },
  { what: 'a private host', pattern: /https?:\/\/[\w.-]+\.(internal|corp|lan|intranet)\b/, tests: false },
];

/** Places that only one machine or network has: whoever reads the file elsewhere cannot follow them. */
function machinePlaces(path, text) {
  const places = PLACES.filter(({ tests }) => tests || !path.endsWith('.test.ts'));
  return text
    .split('\n')
    .flatMap((line, i) =>
      places.filter(({ pattern }) => pattern.test(line)).map(({ what }) => `${path}:${i + 1} names ${what}`),
    );
}

/** The lock file must not say from where packages were once downloaded: it would be asked again. */
function lockAddresses() {
  const text = textOf('package-lock.json') ?? '';
  const count = text.split('\n').filter((line) => /"resolved":\s*"https?:/.test(line)).length;
  return count === 0
    ? []
    : [
        `package-lock.json records ${count} download addresses; set omit-lockfile-registry-resolved and renew it`,
      ];
}

export function checkTrackedText() {
  const problems = repositoryFiles()
    .filter((path) => path !== 'package-lock.json')
    .flatMap((path) => machinePlaces(path, textOf(path) ?? ''));
  return [...problems, ...lockAddresses()];
}
