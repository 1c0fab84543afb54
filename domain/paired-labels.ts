import { Z95, type Interval } from './metrics.js';

/** How often two classifiers were right on the same rows. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  readonly bothWrong: number;
}

/** Counts the rows that both, one or none of two classifiers answered rightly. */
export function pairedCounts(truth: ArrayLike<number>, first: ArrayLike<number>, second: ArrayLike<number>): PairedCounts {
  if (first.length !== truth.length || second.length !== truth.length) {
    throw new RangeError(`${truth.length} labels, but ${first.length} and ${second.length} answers`);
  }
  let [bothRight, onlyFirstRight, onlySecondRight, bothWrong] = [0, 0, 0, 0];
  for (let row = 0; row < truth.length; row++) {
    const [isFirst, isSecond] = [first[row] === truth[row], second[row] === truth[row]];
    if (isFirst && isSecond) bothRight++;
    else if (isFirst) onlyFirstRight++;
    else if (isSecond) onlySecondRight++;
    else bothWrong++;
  }
  return { bothRight, onlyFirstRight, onlySecondRight, bothWrong };
}

/**
 * The two-sided p of McNemar's exact test (McNemar 1947, Psychometrika 12:153): how likely rows that only one of two
 * answers rightly are to fall this unevenly when both are equally good. 1 when there is no such row.
 */
export function mcnemarExact({ onlyFirstRight, onlySecondRight }: PairedCounts): number {
  const rows = onlyFirstRight + onlySecondRight;
  const fewer = Math.min(onlyFirstRight, onlySecondRight);
  // In logarithms, as the number of ways overflows from some thousand rows on.
  let logWays = -rows * Math.LN2;
  for (let hits = 1; hits <= fewer; hits++) logWays += Math.log((rows - hits + 1) / hits);
  let term = Math.exp(logWays);
  let tail = 0;
  for (let hits = fewer; hits >= 0; hits--) {
    tail += term;
    if (term < tail * Number.EPSILON) break;
    term *= hits / (rows - hits + 1);
  }
  return Math.min(1, 2 * tail);
}

/** The difference of two accuracies on the same rows, first minus second; a whole number over another, rounded once. */
export function accuracyDifference(counts: PairedCounts): number {
  return (counts.onlyFirstRight - counts.onlySecondRight) / rowsOf(counts);
}

/**
 * A 95 % interval of that difference (Bonett & Price 2012, Journal of Educational and Behavioral Statistics 37:479), which
 * stays uncertain where no row tells the two apart.
 */
export function accuracyDifferenceInterval(counts: PairedCounts): Interval {
  const rows = rowsOf(counts) + 2;
  const [first, second] = [(counts.onlyFirstRight + 1) / rows, (counts.onlySecondRight + 1) / rows];
  const half = Z95 * Math.sqrt((first + second - (first - second) ** 2) / rows);
  return { low: Math.max(-1, first - second - half), high: Math.min(1, first - second + half) };
}

function rowsOf({ bothRight, onlyFirstRight, onlySecondRight, bothWrong }: PairedCounts): number {
  return bothRight + onlyFirstRight + onlySecondRight + bothWrong;
}
