import type { Finding } from '../../domain/checks.js';
import { formatFigure } from '../../domain/metrics.js';
import type { Policy } from '../../domain/policy.js';
import { SLICE_VALUES, slicesOf } from '../../domain/slices.js';
import type { LabelledRows, Predictions } from '../ports.js';
import { figureTexts } from './figure-texts.js';
import { atLeast, below } from './minimum.js';

/** What is found in the slices of one column. */
export interface Sliced extends Pick<Finding, 'measured' | 'limit'> {
  readonly reasons: readonly string[];
}

/** The rows a column is to slice, what the model answered on them, and what is asked of a slice. */
export interface SlicedRows {
  readonly rows: LabelledRows;
  readonly column: number;
  readonly predictions: Predictions;
  readonly policy: Policy['performance'];
}

/** The figures for each value of a column, named like `male=1 accuracy`; a column of too many values to slice by fails. */
export function slicedBy(name: string, { rows, column, predictions, policy }: SlicedRows): Sliced {
  const values = Float64Array.from(rows.labels, (_, row) => rows.features[row * rows.width + column] ?? Number.NaN);
  const slices = slicesOf(values, { truth: rows.labels, chosen: predictions.labels, scores: predictions.scores });
  if (!slices) {
    return { measured: {}, limit: {}, reasons: [`${name} has more than ${SLICE_VALUES} values, too many to slice by`] };
  }
  const { gate, slice_accuracy } = policy;
  const titled = slices.map(({ value, figures }) => ({ title: `${name}=${formatFigure(value)}`, figures }));
  const asked = slice_accuracy.min > 0 ? titled : [];
  return {
    measured: Object.fromEntries(
      titled.flatMap(({ title, figures }) =>
        Object.entries(figureTexts(figures)).map(([figure, text]) => [`${title} ${figure}`, text]),
      ),
    ),
    limit: Object.fromEntries(asked.map(({ title }) => [`${title} accuracy`, atLeast(slice_accuracy.min, gate)])),
    reasons: asked.flatMap(({ title, figures: { accuracy, accuracyInterval } }) =>
      below(`${title}: accuracy`, { figure: accuracy, interval: accuracyInterval }, slice_accuracy.min, gate),
    ),
  };
}
