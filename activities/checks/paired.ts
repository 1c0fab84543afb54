import { formatFigure } from '../../domain/metrics.js';
import { aucDifference, type AucDifference } from '../../domain/paired-auc.js';
import {
  accuracyDifference,
  accuracyDifferenceInterval,
  mcnemarExact,
  pairedCounts,
  type PairedCounts,
} from '../../domain/paired-labels.js';
import type { Differences } from '../../domain/thresholds.js';
import type { LabelledRows, Predictions } from '../ports.js';
import { intervalText } from './figure-texts.js';

/** How two versions are compared, for the source of a finding. */
export const PAIRED_METHOD =
  'compared row by row, candidate minus production: exact McNemar test 1947; 95 % intervals of the differences: ' +
  'accuracy Bonett-Price 2012, ROC AUC DeLong 1988';

/** Two versions compared on the same rows. */
export interface Paired {
  readonly counts: PairedCounts;
  readonly area: AucDifference;
  readonly differences: Differences;
}

/** Compares what a candidate and production answered on the same rows. */
export function pairedOn({ labels }: LabelledRows, candidate: Predictions, production: Predictions): Paired {
  const counts = pairedCounts(labels, candidate.labels, production.labels);
  const area = aucDifference(labels, candidate.scores, production.scores);
  return { counts, area, differences: { accuracy: accuracyDifference(counts), rocAuc: area.difference } };
}

/** The comparison as the texts a finding keeps. */
export function pairedTexts({ counts, area, differences }: Paired): Record<string, string> {
  return {
    accuracy_difference: formatFigure(differences.accuracy),
    accuracy_difference_ci95: intervalText(accuracyDifferenceInterval(counts)),
    roc_auc_difference: formatFigure(differences.rocAuc),
    roc_auc_difference_ci95: intervalText(area.interval),
    both_right: String(counts.bothRight),
    only_candidate_right: String(counts.onlyFirstRight),
    only_production_right: String(counts.onlySecondRight),
    both_wrong: String(counts.bothWrong),
    mcnemar_p: chanceText(mcnemarExact(counts)),
  };
}

/** A chance that is too small to be shown is not shown as none. */
function chanceText(chance: number): string {
  return chance < 1e-6 ? '< 0.000001' : formatFigure(chance);
}
