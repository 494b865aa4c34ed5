import { z } from 'zod';
import { SIGNAL_ACTIONS, SIGNAL_SCHEMAS, type SignalAction } from './schemas.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * JSON Schema (draft 2020-12) of each signal in its plain form. The door also takes required fields of `create_task`
 * from inside `config`, and checks what no schema can say (sources, spans, sizes).
 */
export function signalJsonSchemas(): Readonly<Record<SignalAction, JsonSchema>> {
  const one = (action: SignalAction): JsonSchema => {
    const schema = z.toJSONSchema(SIGNAL_SCHEMAS[action], { io: 'input' });
    // The draft is named once, by the document.
    return Object.fromEntries([
      ['title', action],
      ...Object.entries(schema).filter(([key]) => key !== '$schema'),
    ]);
  };
  return Object.fromEntries(SIGNAL_ACTIONS.map((a) => [a, one(a)])) as Record<SignalAction, JsonSchema>;
}

/** All signals as one schema document, for editors and for docs/reference. */
export const signalSchemaDocument = (): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Kairos signal',
  oneOf: SIGNAL_ACTIONS.map((action) => ({ $ref: `#/$defs/${action}` })),
  $defs: signalJsonSchemas(),
});
