import type { Finding } from '../../domain/checks.js';
import { formatApart, formatFigure, type ClassifierFigures } from '../../domain/metrics.js';
import { meetsMinimum } from '../../domain/thresholds.js';
import { found, type Check } from './check.js';
import { holdoutOf, readHoldout } from './holdout.js';
import { intervalText, measure, sourceText } from './measure.js';
import { ModelRefused } from './model-refused.js';

/** Passes when the model, run on the registered hold-out set, reaches the policy's accuracy and ROC AUC (rules §2). */
export const performance: Check = {
  name: 'performance',
  async run(context) {
    const { subject, policy } = context;
    const { accuracy, roc_auc } = policy.thresholds;
    const rows = await readHoldout(context);
    const limit = { accuracy: `>= ${formatFigure(accuracy.min)}`, roc_auc: `>= ${formatFigure(roc_auc.min)}` };
    const source = sourceText(holdoutOf(subject), rows, [subject]);
    try {
      const figures = await measure(context, subject, rows);
      const reasons = [below('accuracy', figures.accuracy, accuracy.min), below('ROC AUC', figures.rocAuc, roc_auc.min)].flat();
      return found('performance', reasons, { measured: measuredTexts(figures), limit, source });
    } catch (problem) {
      if (problem instanceof ModelRefused) return found('performance', [problem.message], { measured: {}, limit, source });
      throw problem;
    }
  },
};

function below(what: string, figure: number, minimum: number): string[] {
  if (meetsMinimum(figure, minimum)) return [];
  const [measured, asked] = formatApart(figure, minimum);
  return [`${what} ${measured} is below ${asked}`];
}

function measuredTexts(figures: ClassifierFigures): Finding['measured'] {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = figures.confusion;
  return {
    accuracy: formatFigure(figures.accuracy),
    accuracy_ci95: intervalText(figures.accuracyInterval),
    roc_auc: formatFigure(figures.rocAuc),
    roc_auc_ci95: intervalText(figures.rocAucInterval),
    precision: ratioText(figures.precision),
    recall: ratioText(figures.recall),
    f1: ratioText(figures.f1),
    true_positives: String(truePositives),
    false_positives: String(falsePositives),
    true_negatives: String(trueNegatives),
    false_negatives: String(falseNegatives),
    rows: String(figures.rows),
  };
}

function ratioText(ratio: number | null): string {
  return ratio === null ? 'not defined' : formatFigure(ratio);
}
