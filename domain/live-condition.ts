import { formatApart } from './metrics.js';
import type { Policy } from './policy.js';

/** The parts of a policy that a window is judged by. */
export type WatchRules = Pick<Policy, 'watch' | 'alerts' | 'rollback' | 'drift'>;

/** What a window of live figures is judged by. */
export const CONDITIONS = ['accuracy', 'error-rate', 'latency', 'drift', 'concept-drift'] as const;
export type ConditionName = (typeof CONDITIONS)[number];

/** How bad a condition is, mildest first (rules §4). */
export const CONDITION_SEVERITIES = ['none', 'info', 'warning', 'critical', 'rollback'] as const;
export type ConditionSeverity = (typeof CONDITION_SEVERITIES)[number];

/** How one condition stands in one window; figures are text, so that no store or parser can change them, and '' where none is. */
export interface Condition {
  readonly condition: ConditionName;
  readonly severity: ConditionSeverity;
  /** Where it is not, its severity is `none`, which is neither an alert nor an all-clear. */
  readonly known: boolean;
  readonly measured: string;
  /** The limit that is broken, or the first that would be. */
  readonly limit: string;
  readonly baseline: string;
  /** One line; of a condition that is known and good it says nothing. */
  readonly why: string;
}

/** The worst of some severities; `none` of none. */
export function worstSeverity(severities: readonly ConditionSeverity[]): ConditionSeverity {
  return CONDITION_SEVERITIES[Math.max(0, ...severities.map((severity) => CONDITION_SEVERITIES.indexOf(severity)))] ?? 'none';
}

/** A limit and how bad it is to be beyond it. */
export type Limit = readonly [severity: Exclude<ConditionSeverity, 'none'>, limit: number];

/** A condition that cannot be judged. */
export function notKnown(condition: ConditionName, why: string, more: Partial<Condition> = {}): Condition {
  return { condition, severity: 'none', known: false, measured: '', limit: '', baseline: '', ...more, why };
}

/** The worst limit that a figure is beyond, or undefined. */
export function broken(figure: number, limits: readonly Limit[]): Limit | undefined {
  return limits
    .filter(([, limit]) => isBeyond(figure, limit))
    .toSorted(([first], [second]) => CONDITION_SEVERITIES.indexOf(second) - CONDITION_SEVERITIES.indexOf(first))[0];
}

/**
 * Whether a figure is beyond a limit. Rules §4: "strict: exactly N is not yet a drop"; a figure that is beyond by no more than the
 * rounding of its computation is exactly N.
 */
export function isBeyond(figure: number, limit: number): boolean {
  return figure - limit > rounding(limit);
}

function rounding(limit: number): number {
  return 1e-9 * Math.max(1, Math.abs(limit));
}

/** The lowest limit there is: what the figure is told against while it is beyond none. */
export function lowest(limits: readonly Limit[]): number {
  return Math.min(...limits.map(([, limit]) => limit));
}

/** A figure and a limit as text, such that they look different where they are. */
export function apart(figure: number, limit: number): { readonly figure: string; readonly limit: string } {
  const isEqual = Math.abs(figure - limit) <= rounding(limit);
  const [shown, against] = formatApart(isEqual ? limit : figure, limit);
  return { figure: shown, limit: against };
}
