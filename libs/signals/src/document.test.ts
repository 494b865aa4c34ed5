import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SIGNAL_ACTIONS, SIGNAL_SCHEMAS } from './schemas.ts';
import { createSignalHandler } from './signal-handler.ts';
import { FakeWorld } from './testing/fake-world.ts';

const TEXT = readFileSync(new URL('../../../docs/reference/signals.md', import.meta.url), 'utf8');

/** The document's examples in order: a signal, the language it is answered in, and the reply printed below it. */
const examples = [...TEXT.matchAll(/```json signal( zh)?\n(.*?)```\s*```json reply\n(.*?)```/gs)].map(
  ([, zh, signal = '', reply = '']) => ({ locale: zh ? ('zh' as const) : ('en' as const), signal, reply }),
);

const sectionOf = (action: string): string =>
  TEXT.split(/^## /m).find((s) => s.startsWith(`${action}\n`)) ?? '';

describe('docs/reference/signals.md', () => {
  it('prints for every example the reply that is really given', async () => {
    const door = createSignalHandler(new FakeWorld().deps());
    expect(examples.length).toBe((TEXT.match(/^```json/gm)?.length ?? 0) / 2);
    for (const { signal, locale, reply } of examples) {
      expect((await door.handleText(signal, { locale })).body).toEqual(JSON.parse(reply));
    }
  });

  it('shows an example of every action', () => {
    const shown = new Set(examples.map((e) => (JSON.parse(e.signal) as { action: string }).action));
    expect([...shown].sort()).toEqual([...SIGNAL_ACTIONS].sort());
  });

  it.each(SIGNAL_ACTIONS)('names every field of %s, with a summary in Chinese', (action) => {
    const section = sectionOf(action);
    for (const field of Object.keys(SIGNAL_SCHEMAS[action].shape)) {
      if (field !== 'action') expect(section).toContain(`\`${field}\``);
    }
    expect(section.split('\n')[2]).toMatch(/\p{Script=Han}/u);
  });
});
