import type { Confusion } from './metrics.js';

/** Why something about a version in service is not known (rules §4: no data is neither an alert nor an all-clear). */
export const UNKNOWN_CAUSES = [
  'no data',
  'stale',
  'invalid sample',
  'ambiguous',
  'label mismatch',
  'wrong unit',
  'too few samples',
  'too few labels',
  'source away',
  'not measured',
] as const;
export type UnknownCause = (typeof UNKNOWN_CAUSES)[number];

/** What was read, or why it is not known; `why` is one line in our own words and never quotes what a source said. */
export type Reading<T> =
  { readonly known: true; readonly value: T } | { readonly known: false; readonly cause: UnknownCause; readonly why: string };

/** How a version answered within one window. */
export interface ServiceFigures {
  /** Predictions that were asked for, and how many of them failed: whole numbers, or nearly so where a source extrapolates. */
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds, over the predictions that were answered; null where none was. */
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
}

/** How one feature was distributed within a window: the values of some predictions, or counts between edges. */
export type FeatureSample =
  | { readonly kind: 'values'; readonly values: Float64Array }
  /** `counts[i]` values were at most `edges[i]` and above the edge before; the last count is of those above the last edge. */
  | { readonly kind: 'bins'; readonly edges: readonly number[]; readonly counts: readonly number[] };

/** What a source says of one version over one window; each part is known or not by itself. */
export interface LiveReading {
  readonly service: Reading<ServiceFigures>;
  /** Of the predictions whose label has arrived: right and wrong by class. */
  readonly labels: Reading<Confusion>;
}

/** The features of the predictions of a window, by name; where values are given, all columns have the same rows. */
export type FeatureReading = Reading<Readonly<Record<string, FeatureSample>>>;

/** What live figures are compared with, as it was measured for the promotion; null is what was not measured. */
export interface Baseline {
  /** The rows of the hold-out set. */
  readonly rows: number | null;
  readonly accuracy: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Milliseconds. */
  readonly latencyP95: number | null;
}

/** Something known. */
export function known<T>(value: T): Reading<T> {
  return { known: true, value };
}

/** Something that is not known, and why. */
export function unknown(
  cause: UnknownCause,
  why: string,
): { readonly known: false; readonly cause: UnknownCause; readonly why: string } {
  return { known: false, cause, why };
}
