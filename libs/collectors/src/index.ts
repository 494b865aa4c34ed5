export { collectCandles, collectSeries, type CollectOrder, type SeriesReport } from './collect-once.ts';
export { type SeriesProgress } from './once-progress.ts';
export { callSource, HandOver } from './call-source.ts';
export { collect, type SeriesOutcome } from './collect.ts';
export { CollectHandler, type CollectHandlerDeps } from './collect-handler.ts';
export { RangeCollector, type RangeOutcome } from './collect-range.ts';
export { Tallies, type CollectDeps, type CollectRun, type SeriesJob } from './job.ts';
export { JobRecordIntake, type JobRecordIntakeDeps } from './record-intake.ts';
export { judgePage, type Judged, type JudgeInput } from './judge.ts';
export { partOfPage, type PagePart } from './page-part.ts';
export { CONFIRMING_READS, planConfirmations, planOpen, planPages } from './plan.ts';
export { jobOf, openSeries, type SeriesRequest } from './series-job.ts';
export {
  Verifier,
  type SecondSource,
  type VerifyOrder,
  type VerifyProgress,
  type VerifyTarget,
} from './verify/verifier.ts';
export { type ToldDefect, type VerifyOutcome } from './verify/verify-ledger.ts';
export { type Account, type ToldDifference } from './verify/defect-detail.ts';
export { type DefectCode, type Hearing, type Uncompared } from './verify/window.ts';
