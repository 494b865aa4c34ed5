import { checkCanary } from './canary.mjs';
import { checkPackages } from './packages.mjs';
import { checkRoomWords } from './room-words.mjs';
import { checkSigns } from './signs.mjs';
import { checkTrackedText } from './tracked-text.mjs';

/** What no compiler and no linter sees. Each check answers a list of what is wrong. */
const CHECKS = [
  ['room words', checkRoomWords],
  ['signs', checkSigns],
  ['tracked text', checkTrackedText],
  ['boundary canary', checkCanary],
  ['packages', checkPackages],
];

const wanted = process.argv.slice(2);
let problems = 0;
for (const [name, check] of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const found = await check();
  problems += found.length;
  console.log(`${found.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const line of found) console.log(`     ${line}`);
}
process.exitCode = problems === 0 ? 0 : 1;
