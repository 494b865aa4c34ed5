import { explainViolation, placeText, type StoreSampler } from '@kairos/fsck';
import type { Logger } from '@kairos/ports';

/** A step of the endless check; what it finds goes into the log. Never rejects: a check must not stop the work. */
export async function sampleStore(p: {
  readonly sampler: StoreSampler;
  readonly log: Logger;
  readonly now: number;
}): Promise<void> {
  try {
    for (const v of await p.sampler.step(p.now)) {
      const level = v.severity === 'error' ? 'error' : 'warn';
      p.log[level]('fsck.violation', {
        code: v.code,
        where: placeText(v.where),
        ...explainViolation(v, 'en'),
      });
    }
  } catch (error) {
    p.log.error('fsck.failed', { error });
  }
}
