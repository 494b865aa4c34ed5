export { prepareSources, type PreparedSources } from '@kairos/composition';
