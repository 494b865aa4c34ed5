import { readFile } from 'node:fs/promises';
import { EXIT, UsageError, type Call, type ExitCode, type Work } from '../command.ts';
import { openDoor } from '../door/open-door.ts';

async function textIn(call: Call): Promise<string> {
  const [file = '-'] = call.words;
  if (file !== '-') return readFile(file, 'utf8');
  return new TextDecoder().decode(await call.terminal.input?.());
}

/** Several signals of one array, or one. What is no JSON at all is left for the signal door to refuse. */
function signalsIn(text: string): readonly string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [text];
  }
  return Array.isArray(parsed) ? parsed.map((one) => JSON.stringify(one)) : [text];
}

/** `kairos signal FILE|-`: sends signals as they are, prints their envelopes, one a line. */
export const signal: Work = async (call) => {
  const signals = signalsIn(await textIn(call));
  if (signals.length === 0)
    throw new UsageError({ en: 'signal: the array is empty', zh: 'signal：数组为空' });
  const { door } = await openDoor(call, { create: true });
  let code: ExitCode = EXIT.ok;
  try {
    for (const text of signals) {
      const { body } = await door.sendText(text);
      call.terminal.out(JSON.stringify(body));
      if (body.success) continue;
      code = body.code.startsWith('STORE_') ? EXIT.store : code === EXIT.ok ? EXIT.found : code;
    }
  } finally {
    await door.close();
  }
  return code;
};
