export { callSource, HandOver } from './call-source.ts';
export { collect, type SeriesOutcome } from './collect.ts';
export { CollectHandler } from './collect-handler.ts';
export { RangeCollector, type RangeOutcome } from './collect-range.ts';
export { Tallies, type CollectDeps, type CollectRun, type SeriesJob } from './job.ts';
export { judgePage, type Judged, type JudgeInput } from './judge.ts';
export { partOfPage, type PagePart } from './page-part.ts';
export { CONFIRMING_READS, planConfirmations, planOpen, planPages } from './plan.ts';
export { jobOf, openSeries, type SeriesRequest } from './series-job.ts';
