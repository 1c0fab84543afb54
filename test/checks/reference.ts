import { readFileSync } from 'node:fs';

/** What `reference-figures.py` found with scikit-learn, statsmodels, SciPy and MLstatkit; the file says with which of them. */
export interface ReferenceFigures {
  readonly rows: number;
  readonly accuracy: number;
  readonly accuracy_ci95: readonly [number, number];
  readonly roc_auc: number | null;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly confusion: readonly [readonly [number, number], readonly [number, number]];
}

export interface ReferencePair {
  readonly both_right: number;
  readonly only_candidate_right: number;
  readonly only_production_right: number;
  readonly both_wrong: number;
  readonly mcnemar_p: number;
  readonly accuracy_difference: number;
  readonly accuracy_difference_ci95: readonly [number, number];
  readonly roc_auc_difference: number;
  readonly roc_auc_difference_ci95: readonly [number, number];
}

interface Reference {
  readonly versions: Readonly<Record<string, ReferenceFigures>>;
  readonly slices: Readonly<Record<string, Readonly<Record<string, ReferenceFigures>>>>;
  /** By candidate and production, e.g. `1.4.0 1.2.0`. */
  readonly paired: Readonly<Record<string, ReferencePair>>;
  readonly tied: Readonly<Record<'truth' | 'candidate' | 'production', readonly number[]>> &
    Pick<ReferencePair, 'roc_auc_difference' | 'roc_auc_difference_ci95'>;
  /** Rows that only the first, rows that only the second answers rightly, and the exact two-sided p. */
  readonly mcnemar: readonly (readonly [number, number, number])[];
}

export const reference = JSON.parse(readFileSync(new URL('reference-figures.json', import.meta.url), 'utf8')) as Reference;

/** The same figures as a finding says them, to as many decimals as the finding has. */
export function figureTexts(figures: ReferenceFigures, prefix = ''): Record<string, string> {
  const [[trueNegatives, falsePositives], [falseNegatives, truePositives]] = figures.confusion;
  const texts = {
    accuracy: figureText(figures.accuracy),
    accuracy_ci95: intervalText(figures.accuracy_ci95),
    roc_auc: figureText(figures.roc_auc),
    precision: figureText(figures.precision),
    recall: figureText(figures.recall),
    f1: figureText(figures.f1),
    true_positives: String(truePositives),
    false_positives: String(falsePositives),
    true_negatives: String(trueNegatives),
    false_negatives: String(falseNegatives),
    rows: String(figures.rows),
  };
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${prefix}${name}`, text]));
}

/** A figure of the reference as a finding writes it. */
export function figureText(figure: number | null): string {
  return figure === null ? 'not defined' : String(Number(figure.toFixed(6)));
}

/** An interval of the reference as a finding writes it. */
export function intervalText([low, high]: readonly [number, number]): string {
  return `${Number(low.toFixed(4))} to ${Number(high.toFixed(4))}`;
}
