import { venueBudgetContract } from '@kairos/testkit';
import { LocalVenueBudget } from './local-venue-budget.ts';

venueBudgetContract('LocalVenueBudget', {
  open: ({ clock, share, maxWaitMs }) => new LocalVenueBudget({ clock, share, maxWaitMs }),
});
