export { SeriesService, type SeriesServiceDeps } from './series-service.ts';
export { symbolOf } from './find-series.ts';
export { columnsOf, EXPORT_FORMATS } from './export.ts';
