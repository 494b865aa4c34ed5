// Loaded before a server (`NODE_OPTIONS=--import`): its clock is the machine's plus the milliseconds that the file in
// TEST_CLOCK_FILE says, read anew each time. Timers keep their pace, as when a real clock is set.
import { openSync, readSync } from 'node:fs';

const file = openSync(process.env.TEST_CLOCK_FILE ?? '', 'r');
const bytes = Buffer.alloc(32);
const RealDate = Date;

const now = () => RealDate.now() + Number(bytes.toString('latin1', 0, readSync(file, bytes, 0, 32, 0)));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, maker) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, maker === globalThis.Date ? target : maker),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
