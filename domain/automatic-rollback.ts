import type { Found, LiveCondition, LiveSeverity } from './live-condition.js';
import type { Policy } from './policy.js';

export interface JudgedWindow {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly severity: LiveSeverity;
  readonly found: readonly Found[];
}

export type AutomaticRollback =
  | { readonly kind: 'none' }
  | { readonly kind: 'due'; readonly to: string; readonly windows: readonly number[]; readonly condition: LiveCondition; readonly why: string }
  | { readonly kind: 'needs-person'; readonly why: string }
  | { readonly kind: 'no-target'; readonly why: string };

export function judgeAutomaticRollback(
  situation: { readonly windows: readonly JudgedWindow[]; readonly targets: readonly string[]; readonly now: number; readonly since: number; readonly isAutomatic: boolean },
  policy: Pick<Policy, 'rollback' | 'watch'>,
): AutomaticRollback {
  const { windows, targets, now, since, isAutomatic } = situation;
  const newest = windows.slice(0, policy.rollback.windows);
  if (newest.length < policy.rollback.windows) return { kind: 'none' };
  const breached = newest[0]?.found.find(({ condition, severity, known }) => known && severity === 'rollback' && newest.every(({ found }) => found.some((each) => each.condition === condition && each.known && each.severity === 'rollback')));
  if (!breached || now - (newest[0]?.to ?? 0) > 2 * policy.watch.every) return { kind: 'none' };
  const why = `${breached.condition} ${breached.measured}, limit ${breached.limit}`;
  if (isAutomatic && now < since + policy.rollback.cooldown) return { kind: 'needs-person', why: `${why}; within the cool-down it takes a person` };
  const [to] = targets;
  if (to === undefined) return { kind: 'no-target', why: `${why}; there is nothing to roll back to` };
  return { kind: 'due', to, windows: newest.map(({ id }) => id), condition: breached.condition, why };
}
