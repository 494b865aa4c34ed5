import { budgetStoreContract, venueBudgetContract } from '@kairos/testkit';
import { FakeBudgetStore } from './fake-budget-store.test-support.ts';
import { SharedVenueBudget } from './shared-venue-budget.ts';

venueBudgetContract('SharedVenueBudget', {
  open: ({ clock, share, maxWaitMs }) =>
    new SharedVenueBudget({ store: new FakeBudgetStore(), clock, share, maxWaitMs }),
});

budgetStoreContract('the fake of these tests', {
  open: async () => {
    const store = new FakeBudgetStore();
    return { store, durable: false, close: async () => undefined };
  },
});
