import { Z95, type Interval } from './metrics.js';

/** How two areas under the ROC curve differ on the same rows. */
export interface AucDifference {
  /** First minus second. */
  readonly difference: number;
  /** Null where one class has a single row, on which no variance can be told. */
  readonly interval: Interval | null;
}

/**
 * The difference of two areas on the same rows, with the 95 % interval of DeLong, DeLong & Clarke-Pearson (1988, Biometrics
 * 44:837). Throws a RangeError on unequal lengths, a score that is not finite and where only one class is there.
 */
export function aucDifference(truth: ArrayLike<number>, first: ArrayLike<number>, second: ArrayLike<number>): AucDifference {
  const [one, other] = [placements(truth, first), placements(truth, second)];
  const apart: Spread[] = [new Spread(), new Spread()];
  let halfWins = 0;
  for (let row = 0; row < truth.length; row++) {
    const difference = (one[row] ?? 0) - (other[row] ?? 0);
    apart[truth[row] === 1 ? 1 : 0]?.add(difference);
    if (truth[row] === 1) halfWins += difference;
  }
  const [negatives = 0, positives = 0] = apart.map(({ count }) => count);
  if (positives === 0 || negatives === 0) {
    throw new RangeError(`ROC AUC is not defined: all ${truth.length} rows are of class ${positives === 0 ? 0 : 1}`);
  }
  // Half pairs are whole numbers, so the difference is exact but for one rounding, as a limit is.
  const difference = halfWins / (2 * positives * negatives);
  if (positives === 1 || negatives === 1) return { difference, interval: null };
  const [ofNegatives = 0, ofPositives = 0] = apart.map((spread) => spread.variance() / spread.count);
  const half = Z95 * Math.sqrt(ofPositives / (2 * negatives) ** 2 + ofNegatives / (2 * positives) ** 2);
  return { difference, interval: { low: Math.max(-1, difference - half), high: Math.min(1, difference + half) } };
}

/** For each row, in halves, how many rows of the other class it is ranked rightly against; a tie counts one half. */
function placements(truth: ArrayLike<number>, scores: ArrayLike<number>): Float64Array {
  if (scores.length !== truth.length) throw new RangeError(`${truth.length} labels, but ${scores.length} scores`);
  const order = new Uint32Array(truth.length).map((_, row) => row);
  let allPositives = 0;
  for (const row of order) {
    if (!Number.isFinite(scores[row])) throw new RangeError(`the score of row ${row + 1} is not finite: ${scores[row]}`);
    if (truth[row] === 1) allPositives++;
  }
  order.sort((a, b) => Number(scores[a]) - Number(scores[b]));
  const placed = new Float64Array(truth.length);
  let [positives, negatives] = [0, 0];
  for (let start = 0; start < order.length;) {
    const score = scores[order[start] ?? 0];
    let [end, tied] = [start, 0];
    for (; end < order.length && scores[order[end] ?? 0] === score; end++) if (truth[order[end] ?? 0] === 1) tied++;
    const tiedNegatives = end - start - tied;
    for (let at = start; at < end; at++) {
      const row = order[at] ?? 0;
      placed[row] = truth[row] === 1 ? 2 * negatives + tiedNegatives : 2 * (allPositives - positives) - tied;
    }
    positives += tied;
    negatives += tiedNegatives;
    start = end;
  }
  return placed;
}

/** The variance of numbers that come one by one (Welford 1962, Technometrics 4:419). */
class Spread {
  count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    const before = value - this.#mean;
    this.#mean += before / this.count;
    this.#squares += before * (value - this.#mean);
  }

  variance(): number {
    return this.#squares / (this.count - 1);
  }
}
