/** How production changed. */
export type ChangeKind = 'promotion' | 'rollback' | 'retirement';

/** What follows every production change, in order (rules §7, as far as it exists). */
export const FOLLOW_UPS = ['serving', 'archive-previous'] as const;
export type FollowUpStep = (typeof FOLLOW_UPS)[number];

/** The steps after a production change that are not done yet, in order. */
export function stepsOpen(done: readonly string[]): FollowUpStep[] {
  return FOLLOW_UPS.filter((step) => !done.includes(step));
}
