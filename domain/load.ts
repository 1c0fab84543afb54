import type { Point } from './curves.js';

/** Latencies in milliseconds, by nearest rank, rounded up to whole microseconds. */
export interface LatencyFigures {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** The figures of a sample of latencies; throws a RangeError when there is none, or one that is no number. */
export function latencyFigures(latencies: ArrayLike<number>): LatencyFigures {
  const sorted = Float64Array.from(latencies).sort();
  return {
    p50: percentile(sorted, 50),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    max: percentile(sorted, 100),
  };
}

/** The least figure of a sorted sample that is not exceeded by `percent` per cent of it: nearest rank, never a figure in between. */
function percentile(sorted: Float64Array, percent: number): number {
  // Whole per cents of a whole number: a product with 0.95 could be rounded up past the rank that is meant.
  const figure = sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1];
  if (figure === undefined || !Number.isFinite(sorted.at(-1))) throw new RangeError('latencies are expected, every one a number');
  return Math.ceil(figure * 1_000) / 1_000;
}

/** The per cents of which the latency curve has a point: closer together towards the slow end, which is what is asked about. */
const CURVE_PERCENTS = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92, 94, 95, 96, 97, 98, 99, 100];

/** How latencies are distributed: x milliseconds, y the share of the sample that took no longer. Throws as {@link latencyFigures}. */
export function latencyCurve(latencies: ArrayLike<number>): Point[] {
  const sorted = Float64Array.from(latencies).sort();
  return CURVE_PERCENTS.map((percent) => [percentile(sorted, percent), percent / 100]);
}

/** The predictions that a load asks for; the first at its start, and then at even distances until it is over. */
export function predictionsAsked(ratePerSecond: number, forMs: number): number {
  return Math.max(1, Math.floor((ratePerSecond * forMs) / 1_000));
}

/** CPU time over wall time and granted cores: 1 is all of them all the time (rules §2). Throws a RangeError without any time. */
export function cpuShare(cpuMs: number, wallMs: number, cores: number): number {
  if (!(wallMs > 0 && cores > 0)) throw new RangeError('a share is of some time of some cores');
  return cpuMs / (wallMs * cores);
}

/** Whether a figure keeps to its maximum; the maximum itself is allowed (rules §2: inclusive where the guidelines say maximum). */
export function keepsMaximum(figure: number, maximum: number): boolean {
  return figure <= maximum;
}

/** Whether a figure is less than its limit; the limit itself is too much (rules §2: strict where the guidelines say less than). */
export function isBelow(figure: number, limit: number): boolean {
  return figure < limit;
}
