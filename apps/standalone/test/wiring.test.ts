import { AlwaysOpenCalendar } from '@kairos/calendar-always';
import { T } from '@kairos/composition';
import { parseRuntimeConfig } from '@kairos/config';
import { SystemClock } from '@kairos/clock-system';
import { forEverySource, MemoryRunLogs, silentLogger } from '@kairos/testkit';
import type { ServiceIdentifier } from 'inversify';
import { describe, expect, it } from 'vitest';
import { compose } from '../src/composition-root.ts';
import { openStores } from '../src/stores.ts';

describe('the composition root', () => {
  it('resolves every token, and each to one object', async () => {
    const config = parseRuntimeConfig({ text: 'task_store: { type: memory }', file: 'test', env: {} });
    const stores = await openStores(config, new SystemClock());
    const container = compose({
      config,
      log: silentLogger,
      stores,
      sources: { settings: {}, venues: [], calendars: forEverySource(new AlwaysOpenCalendar()) },
      runtimes: [],
      runLogs: new MemoryRunLogs(),
    });
    for (const token of Object.values(T) as readonly ServiceIdentifier<unknown>[]) {
      const first: unknown = container.get(token);
      expect(first).toBeDefined();
      expect(container.get(token)).toBe(first);
    }
    await stores.close();
  });
});
