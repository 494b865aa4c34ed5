import { describe, expect, it } from 'vitest';
import { signalJsonSchemas, signalSchemaDocument } from './json-schemas.ts';
import { SIGNAL_ACTIONS } from './schemas.ts';

describe('signalJsonSchemas', () => {
  it('describes every action as a closed object', () => {
    const schemas = signalJsonSchemas();
    expect(Object.keys(schemas)).toEqual(SIGNAL_ACTIONS);
    for (const action of SIGNAL_ACTIONS) {
      expect(schemas[action]).toMatchObject({
        title: action,
        type: 'object',
        additionalProperties: false,
        properties: { action: { const: action } },
      });
    }
    expect(schemas.create_task['required']).toEqual([
      'action',
      'project_id',
      'dataset',
      'data_type',
      'source',
      'symbols',
      'frequency',
    ]);
  });

  it('equals the published document (write it anew with vitest -u)', async () => {
    await expect(`${JSON.stringify(signalSchemaDocument(), null, 2)}\n`).toMatchFileSnapshot(
      '../../../docs/reference/signals.schema.json',
    );
  });
});
