export { LocalVenueBudget, type LocalVenueBudgetOptions } from './local-venue-budget.ts';
