export { SharedVenueBudget, type SharedVenueBudgetOptions } from './shared-venue-budget.ts';
