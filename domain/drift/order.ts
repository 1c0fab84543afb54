import { normalTail } from '../tails.js';
import { sum, type BinnedRows } from './bins.js';
import type { FeatureDistribution } from './training-distribution.js';

/** How many of training and window have each value that either has, in single precision; the window's values ascend. */
export function byValue({ values, counts }: FeatureDistribution, window: Float64Array): BinnedRows {
  const [training, ofWindow]: [number[], number[]] = [[], []];
  let [at, seen] = [0, 0];
  while (at < values.length || seen < window.length) {
    const x = Math.min(single(values, at), single(window, seen));
    let [inTraining, inWindow] = [0, 0];
    while (at < values.length && single(values, at) <= x) inTraining += counts[at++] ?? 0;
    for (; seen < window.length && single(window, seen) <= x; seen++) inWindow++;
    training.push(inTraining);
    ofWindow.push(inWindow);
  }
  return { training, window: ofWindow };
}

function single(values: ArrayLike<number>, at: number): number {
  return Math.fround(values[at] ?? Infinity);
}

/** The Kolmogorov-Smirnov distance: the largest difference of the shares up to an edge. */
export function largestDistance({ training, window }: BinnedRows): number {
  const [ofTraining, ofWindow] = [sum(training), sum(window)];
  let [below, seen, largest] = [0, 0, 0];
  training.forEach((inTraining, at) => {
    below += inTraining;
    seen += window[at] ?? 0;
    largest = Math.max(largest, Math.abs(below / ofTraining - seen / ofWindow));
  });
  return largest;
}

/**
 * The two-sided chance that the ranks of two samples of one distribution differ as much as these, taken as so many rows each:
 * the rank-sum test, a tie counting one half (Mann & Whitney 1947, Annals of Mathematical Statistics 18:50; the variance with
 * ties of Lehmann 1975, Nonparametrics), by the normal distribution.
 */
export function rankSumChance({ training, window }: BinnedRows, trainingRows: number, windowRows: number): number {
  const [ofTraining, ofWindow, rows] = [sum(training), sum(window), trainingRows + windowRows];
  let [below, above, tied] = [0, 0, 0];
  training.forEach((inTraining, at) => {
    const [here, there] = [inTraining / ofTraining, (window[at] ?? 0) / ofWindow];
    above += there * (below + here / 2);
    below += here;
    const together = here * trainingRows + there * windowRows;
    tied += together ** 3 - together;
  });
  const variance = ((rows + 1) / (12 * trainingRows * windowRows)) * (1 - tied / (rows ** 3 - rows));
  return variance <= 0 ? 1 : Math.min(1, 2 * normalTail(Math.abs(above - 0.5) / Math.sqrt(variance)));
}
