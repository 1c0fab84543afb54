/** What is judged of one window of a version in service (rules §4). */
export const LIVE_CONDITIONS = ['accuracy', 'error-rate', 'latency', 'drift', 'concept-drift'] as const;
export type LiveCondition = (typeof LIVE_CONDITIONS)[number];

/** How grave what was found is, mildest first. */
export const LIVE_SEVERITIES = ['none', 'info', 'warning', 'critical', 'rollback'] as const;
export type LiveSeverity = (typeof LIVE_SEVERITIES)[number];

/** One condition as one window shows it; figures are text. */
export interface Found {
  readonly condition: LiveCondition;
  readonly severity: LiveSeverity;
  /** Whether it could be judged; what is not known is neither an alert nor an all-clear. */
  readonly known: boolean;
  readonly measured: string;
  readonly limit: string;
  readonly baseline: string;
  readonly why: string;
}

/** Whether one severity is graver than another. */
export function isGraver(one: LiveSeverity, other: LiveSeverity): boolean {
  return LIVE_SEVERITIES.indexOf(one) > LIVE_SEVERITIES.indexOf(other);
}

/** The gravest of some severities; none of none. */
export function gravest(severities: readonly LiveSeverity[]): LiveSeverity {
  return LIVE_SEVERITIES.findLast((severity) => severities.includes(severity)) ?? 'none';
}
