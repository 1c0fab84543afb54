import { curveText, rocCurve } from '../../domain/curves.js';
import { found, listed, type Check, type CheckContext } from './check.js';
import { figureTexts } from './figure-texts.js';
import { fedColumns, holdoutOf, readHoldout } from './holdout.js';
import { measure, sourceText, type Measured } from './measure.js';
import { atLeast, below } from './minimum.js';
import { ModelRefused } from './model-refused.js';
import { slicedBy } from './sliced.js';
import type { LabelledRows } from '../ports.js';

/**
 * Passes when the model, run on the registered hold-out set, reaches the policy's accuracy and ROC AUC on as many rows as the
 * policy asks for, and in every slice the accuracy asked of a slice (rules §2).
 */
export const performance: Check = {
  name: 'performance',
  async run(context) {
    const { subject, policy } = context;
    const { accuracy, roc_auc } = policy.thresholds;
    const { gate } = policy.performance;
    const rows = await readHoldout(context);
    const limit = {
      accuracy: atLeast(accuracy.min, gate),
      roc_auc: atLeast(roc_auc.min, gate),
      rows: `>= ${policy.holdout.min_rows}`,
    };
    const source = sourceText(holdoutOf(subject), rows, [subject]);
    const tooFew = tooFewRows(rows, policy.holdout.min_rows);
    try {
      const measured = await measure(context, subject, rows);
      const { figures, predictions } = measured;
      const slices = sliced(context, rows, measured);
      const reasons = [
        ...tooFew,
        ...below('accuracy', { figure: figures.accuracy, interval: figures.accuracyInterval }, accuracy.min, gate),
        ...below('ROC AUC', { figure: figures.rocAuc, interval: figures.rocAucInterval }, roc_auc.min, gate),
        ...slices.reasons,
      ];
      return found('performance', reasons, {
        measured: { ...figureTexts(figures), ...slices.measured },
        limit: { ...limit, ...slices.limit },
        source,
        curves: { roc: curveText(rocCurve(rows.labels, predictions.scores)) },
      });
    } catch (problem) {
      if (!(problem instanceof ModelRefused)) throw problem;
      return found('performance', [...tooFew, problem.message], { measured: {}, limit, source });
    }
  },
};

function tooFewRows({ labels }: LabelledRows, minimum: number): string[] {
  return labels.length >= minimum ? [] : [`the hold-out set has ${labels.length} rows, at least ${minimum} are asked for`];
}

/** What is found slice by slice, all slices of the policy together; a slice that is no feature of the model is not measured, and fails. */
function sliced({ subject, policy }: CheckContext, rows: LabelledRows, { predictions }: Measured) {
  const columns = fedColumns(subject);
  const named = policy.performance.slices;
  const unknown = named.filter((name) => !columns.includes(name));
  const slices = named
    .filter((name) => columns.includes(name))
    .map((name) => slicedBy(name, { rows, column: columns.indexOf(name), predictions, policy: policy.performance }));
  return {
    measured: Object.assign({}, ...slices.map(({ measured }) => measured)) as Readonly<Record<string, string>>,
    limit: Object.assign({}, ...slices.map(({ limit }) => limit)) as Readonly<Record<string, string>>,
    reasons: [
      ...(unknown.length > 0 ? [`the policy names slices that are no features of ${subject.version}: ${listed(unknown)}`] : []),
      ...slices.flatMap(({ reasons }) => reasons),
    ],
  };
}
