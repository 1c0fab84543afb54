import { formatFigure, type Interval } from '../../domain/metrics.js';
import type { SliceFigures } from '../../domain/slices.js';

/** All figures of a classifier as the texts a finding keeps; those over nothing are not defined. */
export function figureTexts(figures: SliceFigures): Record<string, string> {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = figures.confusion;
  return {
    accuracy: formatFigure(figures.accuracy),
    accuracy_ci95: intervalText(figures.accuracyInterval),
    roc_auc: figureText(figures.rocAuc),
    roc_auc_ci95: intervalText(figures.rocAucInterval),
    precision: figureText(figures.precision),
    recall: figureText(figures.recall),
    f1: figureText(figures.f1),
    true_positives: String(truePositives),
    false_positives: String(falsePositives),
    true_negatives: String(trueNegatives),
    false_negatives: String(falseNegatives),
    rows: String(figures.rows),
  };
}

/** An interval as text, its ends to four decimals. */
export function intervalText(interval: Interval | null): string {
  return interval ? `${formatFigure(interval.low, 4)} to ${formatFigure(interval.high, 4)}` : 'not defined';
}

function figureText(figure: number | null): string {
  return figure === null ? 'not defined' : formatFigure(figure);
}
