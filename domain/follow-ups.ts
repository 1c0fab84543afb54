/** How production changed: by an attempt, by somebody's hand, or because of what was seen of the version in service. */
export type ChangeKind = 'promotion' | 'rollback' | 'retirement' | 'automatic';

/** Everything that can follow a production change (rules §5 and §7); which of it does, the change itself says. */
export type FollowUpStep =
  | 'serving'
  | 'service-health'
  | 'prediction-quality'
  | 'watch'
  | 'dashboards'
  | 'performance-review'
  | 'archive-previous'
  | 'stakeholders'
  | 'incidents';

/**
 * What is taken side by side, one after the other: serving first, because the rest is about what it serves; people last, because
 * they are told what came of it.
 */
const PHASES: readonly (readonly FollowUpStep[])[] = [
  ['serving'],
  ['service-health', 'prediction-quality', 'watch', 'dashboards', 'performance-review', 'archive-previous'],
  ['stakeholders', 'incidents'],
];

/** The steps after a production change that are to be taken now, side by side; none when all are done. */
export function stepsOpen({
  followUps,
  done,
}: {
  readonly followUps: readonly string[];
  readonly done: readonly string[];
}): FollowUpStep[] {
  const open = (phase: readonly FollowUpStep[]) => phase.filter((step) => followUps.includes(step) && !done.includes(step));
  return PHASES.map(open).find((steps) => steps.length > 0) ?? [];
}
