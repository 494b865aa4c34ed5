import { createSampler } from '@kairos/fsck';
import { MemoryInspector, MemoryRunHistory, MemorySeriesStore, MemoryStore } from '@kairos/store-memory';
import { aDue, aSeries, aTask, RecordingLogger, T0 } from '@kairos/testkit';
import { describe, expect, it } from 'vitest';
import { sampleStore } from './sample-store.ts';

describe('sampleStore', () => {
  it('logs what it finds, with what to do', async () => {
    const data = new MemoryStore();
    const series = new MemorySeriesStore(data);
    await series.ensureSeries({ series: { ...aSeries(), key: 'another' } });
    data.tasks.set('aaaaaaaaaaaa', aTask({ status: 'completed' }));
    data.dues.set('aaaaaaaaaaaa', aDue());
    const sampler = createSampler({
      history: new MemoryRunHistory(data),
      series,
      inspector: new MemoryInspector(data),
    });
    const log = new RecordingLogger();
    for (let i = 0; i < 4; i += 1) await sampleStore({ sampler, log, now: T0 });

    expect(log.entries).toMatchObject([
      {
        level: 'error',
        event: 'fsck.violation',
        fields: { code: 'series_realm_differs', where: 'series another' },
      },
      { level: 'warn', event: 'fsck.violation', fields: { code: 'due_without_work' } },
    ]);
  });

  it('logs its own failure, and does not reject', async () => {
    const log = new RecordingLogger();
    const sampler = { step: () => Promise.reject(new Error('no')) };
    await sampleStore({ sampler, log, now: T0 });

    expect(log.entries).toMatchObject([{ level: 'error', event: 'fsck.failed' }]);
  });
});
