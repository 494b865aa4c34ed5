import { repositoryFiles, textOf } from './workspace.mjs';

const PARTS = ['**In**', '**Out**', '**Never**', '**Read in this order**'];
const LONGEST = 40;

/** Every lib has a README that says what goes in, what comes out, what never happens, and where to begin reading. */
export function checkSigns() {
  const libs = repositoryFiles()
    .map((path) => /^(libs\/(?:adapters\/)?[^/]+)\/package\.json$/.exec(path)?.[1])
    .filter((lib) => lib !== undefined);
  return libs.flatMap((lib) => {
    const text = textOf(`${lib}/README.md`);
    if (text === undefined) return [`${lib} has no README.md`];
    const missing = PARTS.filter((part) => !text.includes(part));
    const lines = text.trimEnd().split('\n').length;
    return [
      ...missing.map((part) => `${lib}/README.md has no ${part}`),
      ...(lines > LONGEST ? [`${lib}/README.md has ${lines} lines; a sign has at most ${LONGEST}`] : []),
    ];
  });
}
