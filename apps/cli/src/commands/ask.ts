import { EXIT, printable, type Call, type ExitCode, type Language } from '../command.ts';
import type { Door, Reply } from '../door/door.ts';
import { openDoor, type Entrance } from '../door/open-door.ts';
import { flagOf } from '../options.ts';
import { errOf } from '../terminal/display.ts';
import { painter } from '../terminal/style.ts';

export type Data = Readonly<Record<string, unknown>>;
export type Signal = Readonly<Record<string, unknown>>;

/** Only what was said, so that a signal names nothing that is left to its defaults. */
export const said = (fields: Signal): Signal =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const WARNING = { en: 'note: ', zh: '提示：' } as const;

/** Tells why a signal was refused; answers the exit code. */
export function refusal(reply: Reply, call: Call): ExitCode {
  const { body } = reply;
  if (body.success) return EXIT.ok;
  const { out, err } = call.terminal;
  if (flagOf(call, 'json')) out(JSON.stringify(body));
  else {
    const paint = painter(errOf(call.terminal));
    // What is a field of a query elsewhere is an option here.
    const why = printable(body.error).replace('derive=true', '--derive');
    err(`${paint('red', 'kairos:')} ${printable(body.message)}: ${why}`);
  }
  return body.code.startsWith('STORE_') ? EXIT.store : EXIT.found;
}

/** Notes of a reply, on standard error. */
export function tellWarnings(data: Data, call: Call, language: Language): void {
  const warnings = Array.isArray(data['warnings']) ? data['warnings'] : [];
  for (const warning of warnings) call.terminal.err(`${WARNING[language]}${printable(String(warning))}`);
}

/** Sends one signal, and prints its data: as JSON, or as `lines` has it. */
export async function answer(
  call: Call,
  entrance: Entrance,
  signal: Signal,
  lines: (data: Data) => readonly string[],
): Promise<ExitCode> {
  const reply = await entrance.door.send(said(signal));
  if (!reply.body.success) return refusal(reply, call);
  const { data } = reply.body;
  if (flagOf(call, 'json')) call.terminal.out(JSON.stringify(data));
  else {
    tellWarnings(data, call, entrance.language);
    for (const line of lines(data)) call.terminal.out(line);
  }
  return EXIT.ok;
}

/** Opens the way in for the time of some work. */
export async function within(
  call: Call,
  work: (entrance: Entrance) => Promise<ExitCode>,
  p: { readonly create?: boolean } = {},
): Promise<ExitCode> {
  const entrance = await openDoor(call, p);
  try {
    return await work(entrance);
  } finally {
    await entrance.door.close();
  }
}

export type { Door, Entrance };
