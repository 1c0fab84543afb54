import type { Interval } from './metrics.js';

/**
 * Whether a figure reaches its minimum; the minimum itself is enough (rules §2: limits are inclusive where the guidelines
 * say minimum). A share k/n equal to the limit is the same double as the limit, since both are rounded from the same number.
 */
export function meetsMinimum(figure: number, minimum: number): boolean {
  return figure >= minimum;
}

/** What a minimum is held against: the figure itself, or the lower end of its 95 % interval. */
export type Gating = 'point' | 'lower';

/** The number of a figure that its minimum is held against. */
export function gatedFigure(figure: number, interval: Interval, gate: Gating): number {
  return gate === 'lower' ? interval.low : figure;
}

/** Candidate minus production on the same rows, in the figures by which two versions are compared. */
export interface Differences {
  readonly accuracy: number;
  readonly rocAuc: number;
}

/**
 * In which figures a candidate is worse than production by more than the margin; all must hold (rules §2). "Equal or better"
 * lets a tie pass, and a difference of exactly the margin: both are rounded from the same number, so they are the same double.
 */
export function worseIn(differences: Differences, margin: number): (keyof Differences)[] {
  return (['accuracy', 'rocAuc'] as const).filter((name) => !(differences[name] >= -margin));
}
