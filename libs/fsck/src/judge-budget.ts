import type { BudgetItem, InspectedBudget } from '@kairos/ports';
import { MAX_BAN_MS, MAX_WINDOW_AHEAD_MS, SKEW_MS } from './limits.ts';
import { violation, type Violation } from './violation.ts';

/** What a venue allows of one pool. */
export interface PoolRules {
  /** Weight per window. */
  readonly limit: number;
  readonly windowMs: number;
}

const isAmount = (n: unknown): boolean => typeof n === 'number' && Number.isFinite(n) && n >= 0;

/** Why the item makes no sense by itself; undefined where it does. */
function nonsense({ win, used, foreign, banUntil, v }: BudgetItem): string | undefined {
  if (!Number.isInteger(win) || win < -1) return `window ${win}`;
  if (!isAmount(used)) return `used ${used}`;
  if (!isAmount(foreign)) return `foreign ${foreign}`;
  if (!isAmount(banUntil)) return `ban until ${banUntil}`;
  return Number.isInteger(v) && v > 0 ? undefined : `version ${v}`;
}

/**
 * What is wrong with one budget item. What was leased stays within the venue's limit, whatever our own share of it is: one
 * request that is heavier than the share may go alone. Without rules for its pool an item is only held against itself. Pure.
 */
export function judgeBudget(
  { scope, item, fault }: InspectedBudget,
  p: { readonly now: number; readonly rules: PoolRules | undefined },
): Violation[] {
  const where = { budget: scope };
  if (fault !== undefined || !item) return [violation('budget_unreadable', where, fault)];
  const odd = nonsense(item);
  if (odd !== undefined) return [violation('budget_invalid', where, odd)];
  const found: Violation[] = [];
  const { rules } = p;
  if (rules && item.used > rules.limit)
    found.push(violation('budget_overspent', where, `${item.used} of ${rules.limit}`));
  if (rules && item.win * rules.windowMs > p.now + MAX_WINDOW_AHEAD_MS + SKEW_MS)
    found.push(violation('budget_invalid', where, `window ${item.win} lies ahead`));
  if (item.banUntil > p.now + MAX_BAN_MS + SKEW_MS)
    found.push(violation('ban_too_long', where, new Date(Math.min(item.banUntil, 8e15)).toISOString()));
  return found;
}
