import { UnsupportedError } from '@kairos/domain';
import type { Calendars, Clock, Ids, JobRecordsAnswer, Logger, RecordIntake, SeriesStore } from '@kairos/ports';

export interface JobRecordIntakeDeps {
  readonly store: SeriesStore;
  readonly calendars: Calendars;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly realmOf: (source: string) => string | undefined;
}

/** Being written: this stands in so that the rest can be wired. */
export class JobRecordIntake implements RecordIntake {
  constructor(_deps: JobRecordIntakeDeps) {}

  accept(): Promise<JobRecordsAnswer> {
    return Promise.reject(new UnsupportedError('records of jobs are not taken yet'));
  }
}
