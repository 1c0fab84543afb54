/** The most points a feature is kept with: an error of the share below a value of at most 1/1,000. */
export const MOST_POINTS = 1_000;

/** How one feature was distributed in the training set; numbers, texts coded as numbers in a fixed order. */
export interface FeatureDistribution {
  readonly name: string;
  /** Training rows that had a value of it, and rows that had none. */
  readonly rows: number;
  readonly missing: number;
  /**
   * Ascending, each once: all values, or evenly spaced quantiles where more than {@link MOST_POINTS} differ.
   * `counts[i]` is how many of the values, or of the quantiles, are `values[i]`.
   */
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** What a version was trained on, small enough to be kept as JSON: what the features of its predictions are compared with. */
export interface TrainingDistribution {
  readonly rows: number;
  /** How many training rows differ from one another in some feature. */
  readonly distinctRows: number;
  readonly features: readonly FeatureDistribution[];
}

/**
 * The distribution of a training set, by feature, row beside row; NaN and what no single-precision number holds is no value.
 * Throws a RangeError where columns are of unequal lengths or empty.
 */
export function trainingDistribution(columns: Readonly<Record<string, ArrayLike<number>>>): TrainingDistribution {
  const all = Object.values(columns);
  const rows = all[0]?.length ?? 0;
  if (rows === 0) throw new RangeError('a training distribution is of some rows of some features');
  if (all.some(({ length }) => length !== rows)) throw new RangeError('all features of a training set have the same rows');
  return {
    rows,
    distinctRows: rowGroups(all).length,
    features: Object.entries(columns).map(([name, column]) => featureDistribution(name, column)),
  };
}

/** The distribution of one feature's training values. */
export function featureDistribution(name: string, column: ArrayLike<number>): FeatureDistribution {
  const sorted = presentValues(column);
  const [values, counts] = runs(sorted);
  const known = { name, rows: sorted.length, missing: column.length - sorted.length };
  if (values.length <= MOST_POINTS) return { ...known, values, counts };
  const quantiles = Float64Array.from(
    { length: MOST_POINTS },
    (_, at) => sorted[Math.floor(((at + 0.5) * sorted.length) / MOST_POINTS)] ?? Number.NaN,
  );
  const [points, weights] = runs(quantiles);
  return { ...known, values: points, counts: weights };
}

/** The values that are there, ascending. */
export function presentValues(column: ArrayLike<number>): Float64Array {
  const present = new Float64Array(column.length);
  let count = 0;
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN;
    if (Number.isFinite(Math.fround(value))) present[count++] = value;
  }
  return present.subarray(0, count).sort();
}

/** How often each different row comes; columns have the same rows. */
export function rowGroups(columns: readonly ArrayLike<number>[]): number[] {
  const groups = new Map<number, number>();
  const single = new Float32Array(1);
  const bits = new Uint32Array(single.buffer);
  for (let row = 0; row < (columns[0]?.length ?? 0); row++) {
    let [high, low] = [0x811c9dc5, 0x9e3779b9];
    for (const column of columns) {
      // Zero has two signs, and no value many forms.
      const value = column[row] ?? Number.NaN;
      single[0] = value;
      const word = value === 0 ? 0 : Number.isNaN(value) ? 0x7fc00000 : (bits[0] ?? 0);
      high = Math.imul(high ^ word, 0x01000193);
      high ^= high >>> 15;
      low = Math.imul(low ^ word, 0x85ebca6b);
      low ^= low >>> 13;
    }
    // 53 bits: among a million rows two that differ are taken for one with a chance of 1 in 18,000.
    const key = (high >>> 0) * 0x200000 + (low >>> 11);
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return [...groups.values()];
}

/** Each different value of a sorted column, and how often it comes. */
function runs(sorted: Float64Array): [values: number[], counts: number[]] {
  const [values, counts]: [number[], number[]] = [[], []];
  for (const value of sorted) {
    const last = counts.length - 1;
    if (values[last] === value) counts[last] = (counts[last] ?? 0) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return [values, counts];
}
