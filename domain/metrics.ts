/** How often a binary classifier was right and wrong; class 1 is the positive one. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** A range from low to high, both within 0 and 1, or within -1 and 1 where it is one of a difference. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The figures of one binary classifier on one labelled set; a ratio over nothing is null. */
export interface ClassifierFigures {
  readonly rows: number;
  readonly confusion: Confusion;
  readonly accuracy: number;
  readonly accuracyInterval: Interval;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly rocAuc: number;
  readonly rocAucInterval: Interval;
}

/** The figures that need no scores. */
export type LabelFigures = Omit<ClassifierFigures, 'rocAuc' | 'rocAucInterval'>;

/** The 97.5 % point of the standard normal distribution, for two-sided 95 % intervals. */
export const Z95 = 1.959963984540054;

/**
 * All figures of a classifier from the true labels (0 or 1), the labels it chose and its scores, row by row.
 * Throws a RangeError where they cannot be measured: unequal lengths, other labels, a score that is not finite, one class only.
 */
export function classifierFigures(
  truth: ArrayLike<number>,
  chosen: ArrayLike<number>,
  scores: ArrayLike<number>,
): ClassifierFigures {
  const figures = labelFigures(truth, chosen);
  const positives = figures.confusion.truePositives + figures.confusion.falseNegatives;
  const auc = rocAuc(truth, scores);
  return { ...figures, rocAuc: auc, rocAucInterval: rocAucInterval(auc, positives, figures.rows - positives) };
}

/** The figures that the true and the chosen labels alone give; throws as `confusion` does. */
export function labelFigures(truth: ArrayLike<number>, chosen: ArrayLike<number>): LabelFigures {
  const counts = confusion(truth, chosen);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
  const rows = truth.length;
  return {
    rows,
    confusion: counts,
    accuracy: (truePositives + trueNegatives) / rows,
    accuracyInterval: wilsonInterval(truePositives + trueNegatives, rows),
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, truePositives + falseNegatives),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}

/** The confusion matrix of true and chosen labels; throws a RangeError when they are not 0 or 1, row beside row. */
export function confusion(truth: ArrayLike<number>, chosen: ArrayLike<number>): Confusion {
  sameLength(truth, chosen);
  const counts: [[number, number], [number, number]] = [
    [0, 0],
    [0, 0],
  ];
  for (let row = 0; row < truth.length; row++) counts[binary(truth, row)][binary(chosen, row)]++;
  const [[trueNegatives, falsePositives], [falseNegatives, truePositives]] = counts;
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/**
 * The area under the ROC curve: the chance that a positive row scores above a negative one, a tie counting one half.
 * Computed from rank sums (Mann & Whitney 1947, Annals of Mathematical Statistics 18:50). Exact up to one rounding.
 * Throws a RangeError on a score that is not finite and where only one class is there.
 */
export function rocAuc(truth: ArrayLike<number>, scores: ArrayLike<number>): number {
  sameLength(truth, scores);
  const order = new Uint32Array(truth.length).map((_, row) => row);
  for (let row = 0; row < scores.length; row++) {
    if (!Number.isFinite(scores[row])) throw new RangeError(`the score of row ${row + 1} is not finite: ${scores[row]}`);
  }
  order.sort((a, b) => Number(scores[a]) - Number(scores[b]));
  let negativesBelow = 0;
  // Twice the number of pairs won: a whole number, because a tie is worth half a pair.
  let doubledWins = 0;
  for (let start = 0; start < order.length;) {
    const tied = [0, 0] as [number, number];
    const score = scores[order[start] ?? 0];
    let end = start;
    for (; end < order.length && scores[order[end] ?? 0] === score; end++) tied[binary(truth, order[end] ?? 0)]++;
    doubledWins += tied[1] * (2 * negativesBelow + tied[0]);
    negativesBelow += tied[0];
    start = end;
  }
  const positives = truth.length - negativesBelow;
  if (positives === 0 || negativesBelow === 0) {
    throw new RangeError(`ROC AUC is not defined: all ${truth.length} rows are of class ${positives === 0 ? 0 : 1}`);
  }
  return doubledWins / (2 * positives * negativesBelow);
}

/**
 * The score interval of a share, `hits` of `rows` (Wilson 1927, JASA 22:209), by default the 95 % one. Throws a RangeError on no
 * rows.
 */
export function wilsonInterval(hits: number, rows: number, z = Z95): Interval {
  if (!(rows > 0 && hits >= 0 && hits <= rows)) throw new RangeError(`not a share: ${hits} of ${rows}`);
  const share = hits / rows;
  const z2 = z * z;
  const centre = (share + z2 / (2 * rows)) / (1 + z2 / rows);
  const half = (z / (1 + z2 / rows)) * Math.sqrt((share * (1 - share)) / rows + z2 / (4 * rows * rows));
  return { low: hits === 0 ? 0 : centre - half, high: hits === rows ? 1 : centre + half };
}

/**
 * A 95 % interval of the area under the ROC curve, with the variance of Hanley & McNeil (1982, Radiology 143:29) taken at
 * the bound, not at the estimate (Newcombe 2006, Statistics in Medicine 25:559): a perfect score on few rows stays uncertain.
 */
export function rocAucInterval(auc: number, positives: number, negatives: number): Interval {
  if (!(auc >= 0 && auc <= 1 && positives > 0 && negatives > 0)) {
    throw new RangeError(`not an area: ${auc} of ${positives} positives and ${negatives} negatives`);
  }
  return { low: lowerAucBound(auc, positives, negatives), high: 1 - lowerAucBound(1 - auc, negatives, positives) };
}

/** The area whose upper 95 % reach ends at `auc`; found by halving, as the reach has no closed inverse. */
function lowerAucBound(auc: number, positives: number, negatives: number): number {
  let [low, high] = [0, auc];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (auc - middle > Z95 * aucError(middle, positives, negatives)) low = middle;
    else high = middle;
  }
  return high;
}

function aucError(auc: number, positives: number, negatives: number): number {
  const lost = (positives - 1) * (auc / (2 - auc) - auc * auc);
  const won = (negatives - 1) * ((2 * auc * auc) / (1 + auc) - auc * auc);
  return Math.sqrt(Math.max(0, auc * (1 - auc) + lost + won) / (positives * negatives));
}

/**
 * A figure as the text it is kept and shown as: at most six decimals, no trailing zeros, the same on every run.
 * Throws a RangeError on what is no number.
 */
export function formatFigure(figure: number, decimals = 6): string {
  if (!Number.isFinite(figure)) throw new RangeError(`not a figure: ${figure}`);
  const text = figure.toFixed(decimals);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}

/** Two figures as text, with as many decimals more as it takes to tell them apart when they differ. */
export function formatApart(first: number, second: number): readonly [string, string] {
  for (let decimals = 6; decimals < 20; decimals++) {
    const texts = [formatFigure(first, decimals), formatFigure(second, decimals)] as const;
    if (first === second || texts[0] !== texts[1]) return texts;
  }
  return [String(first), String(second)];
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function binary(labels: ArrayLike<number>, row: number): 0 | 1 {
  const label = labels[row];
  if (label !== 0 && label !== 1) throw new RangeError(`the label of row ${row + 1} is neither 0 nor 1: ${label}`);
  return label;
}

function sameLength(first: ArrayLike<number>, second: ArrayLike<number>): void {
  if (first.length !== second.length) throw new RangeError(`${first.length} labels, but ${second.length} answers`);
  if (first.length === 0) throw new RangeError('no rows to measure on');
}
