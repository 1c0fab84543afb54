import { chiSquareTail } from '../tails.js';
import type { FeatureDistribution } from './training-distribution.js';

/** How many rows of the training set and of a window are in each bin; not whole where rows count for less than one. */
export interface BinnedRows {
  readonly training: readonly number[];
  readonly window: readonly number[];
}

/** The chi-square test holds where at least so many rows are expected in a bin (Cochran 1954, Biometrics 10:417). */
const LEAST_EXPECTED = 5;
/** What an empty bin counts for, as the index of an empty bin is not defined. */
const EMPTY = 0.5;

/**
 * The upper edges of the bins of a feature: the quantiles of its training values, so that each bin has the same share of them;
 * one bin for each value where no more than `bins` differ. What is above the last edge has a bin of its own.
 */
export function binEdges({ values, counts }: FeatureDistribution, bins: number): number[] {
  if (values.length <= bins) return [...values];
  const all = sum(counts);
  const edges: number[] = [];
  let below = 0;
  values.forEach((value, at) => {
    const before = Math.floor((below * bins) / all);
    below += counts[at] ?? 0;
    const reached = Math.floor((below * bins) / all);
    if (reached > before && reached < bins) edges.push(value);
  });
  return edges;
}

/**
 * How many of the ascending values are at most each edge and above the one before, and above the last; each counts for its
 * weight. Compared in single precision, as models compute and some sources log.
 */
export function countInBins(values: ArrayLike<number>, edges: readonly number[], weightOf: (at: number) => number): number[] {
  const counted = Array.from({ length: edges.length + 1 }, () => 0);
  let bin = 0;
  for (let at = 0; at < values.length; at++) {
    const value = Math.fround(values[at] ?? Number.NaN);
    while (bin < edges.length && value > Math.fround(edges[bin] ?? Number.NaN)) bin++;
    counted[bin] = (counted[bin] ?? 0) + weightOf(at);
  }
  return counted;
}

/** Neighbouring bins put together until the chi-square test holds for each, that is until enough rows of both are expected. */
export function joinSparse({ training, window }: BinnedRows): BinnedRows {
  const [ofTraining, ofWindow] = [sum(training), sum(window)];
  const fewer = Math.min(ofTraining, ofWindow) / (ofTraining + ofWindow);
  const joined: { training: number[]; window: number[] } = { training: [], window: [] };
  let isOpen = false;
  training.forEach((inTraining, at) => {
    const inWindow = window[at] ?? 0;
    const last = joined.training.length - 1;
    if (isOpen) {
      joined.training[last] = (joined.training[last] ?? 0) + inTraining;
      joined.window[last] = (joined.window[last] ?? 0) + inWindow;
    } else {
      joined.training.push(inTraining);
      joined.window.push(inWindow);
    }
    isOpen = !isEnough(joined, fewer);
  });
  // Too few at the end are put to the bin before.
  if (isOpen && joined.training.length > 1) {
    const [lastTraining = 0, lastWindow = 0] = [joined.training.pop(), joined.window.pop()];
    const last = joined.training.length - 1;
    joined.training[last] = (joined.training[last] ?? 0) + lastTraining;
    joined.window[last] = (joined.window[last] ?? 0) + lastWindow;
  }
  return joined;
}

function isEnough({ training, window }: BinnedRows, fewer: number): boolean {
  return ((training.at(-1) ?? 0) + (window.at(-1) ?? 0)) * fewer >= LEAST_EXPECTED;
}

/**
 * The population stability index: the sum over the bins of the difference of both shares times the difference of their
 * logarithms (Siddiqi 2006, Credit Risk Scorecards); an empty bin counts as half a row.
 */
export function stabilityIndex({ training, window }: BinnedRows): number {
  const [ofTraining, ofWindow] = [sum(training), sum(window)];
  return training.reduce((index, inTraining, at) => {
    const expected = Math.max(inTraining, EMPTY) / ofTraining;
    const actual = Math.max(window[at] ?? 0, EMPTY) / ofWindow;
    return index + (actual - expected) * Math.log(actual / expected);
  }, 0);
}

/**
 * How likely two samples of one distribution fall into the bins at least this differently: the chi-square test of homogeneity
 * (Pearson 1900, Philosophical Magazine 50:157). 1 where there is one bin.
 */
export function homogeneityChance({ training, window }: BinnedRows): number {
  const [ofTraining, ofWindow] = [sum(training), sum(window)];
  let [statistic, bins] = [0, 0];
  training.forEach((inTraining, at) => {
    const inWindow = window[at] ?? 0;
    const both = inTraining + inWindow;
    if (both === 0) return;
    bins++;
    for (const [seen, rows] of [
      [inTraining, ofTraining],
      [inWindow, ofWindow],
    ] as const) {
      const expected = (both * rows) / (ofTraining + ofWindow);
      statistic += (seen - expected) ** 2 / expected;
    }
  });
  return bins < 2 ? 1 : chiSquareTail(statistic, bins - 1);
}

/** The sum of some numbers. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
