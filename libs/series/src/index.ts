export { SeriesService, symbolOf, type SeriesServiceDeps } from './series-service.ts';
export { columnsOf } from './export.ts';
