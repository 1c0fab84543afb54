import { classifierFigures, type ClassifierFigures } from '../../domain/metrics.js';
import type { Policy } from '../../domain/policy.js';
import type { LabelledRows, Predictions, RunLimits } from '../ports.js';
import { CannotMeasure } from './cannot-measure.js';
import type { CheckContext } from './check.js';
import { ModelRefused } from './model-refused.js';
import type { CheckSubject, DatasetRecord } from './subject.js';

/** How a version's figures are measured, for the source of a finding. */
const METHOD =
  'predicted by running the model on every row; ROC AUC by rank sums, ties one half (Mann-Whitney); ' +
  '95 % intervals: accuracy Wilson 1927, ROC AUC Hanley-McNeil 1982 at the bound (Newcombe 2006)';

/** The one artifact that is the model; throws when there is none or more than one. */
export function modelArtifact({ modelFile }: CheckSubject): { readonly path: string; readonly sha256: string } {
  const [model, ...others] = modelFile.artifacts.filter(({ role }) => role === 'model');
  if (!model || others.length > 0) throw new Error(`the package has ${others.length + (model ? 1 : 0)} artifacts of role model`);
  return model;
}

/** A model a little over its limit is measured; only one that runs away is ended. */
const MEMORY_MARGIN_BYTES = 256_000_000;

/** What ends a model's process, whatever it is run for. */
export function runLimits({ thresholds }: Policy, signal: AbortSignal | undefined): RunLimits {
  return { memoryLimitBytes: thresholds.memory.below + MEMORY_MARGIN_BYTES, ...(signal && { signal }) };
}

/** What a version answered on these rows, and its figures from that. */
export interface Measured {
  readonly predictions: Predictions;
  readonly figures: ClassifierFigures;
}

/**
 * A version measured on these rows by running its model. Throws `ModelRefused` when the model is at fault, another Error when
 * it could not be measured.
 */
export async function measure(
  context: Pick<CheckContext, 'store' | 'models' | 'policy' | 'signal'>,
  subject: CheckSubject,
  rows: LabelledRows,
): Promise<Measured> {
  const { store, models, policy, signal } = context;
  const { sha256 } = modelArtifact(subject);
  if (!(await store.verify(sha256, signal))) throw new Error(`the stored model does not have its SHA-256 ${sha256}`);
  const predictions = await models.predict(store.pathOf(sha256), rows, runLimits(policy, signal));
  const row = predictions.scores.findIndex((score) => !Number.isFinite(score));
  if (row >= 0) throw new ModelRefused('does-not-fit', `the model answers ${predictions.scores[row]} on row ${row + 1}`);
  const isOfOneClass = rows.labels.every((label) => label === rows.labels[0]);
  if (isOfOneClass) throw new CannotMeasure(`all ${rows.labels.length} rows of the hold-out set are of class ${rows.labels[0]}`);
  return { predictions, figures: classifierFigures(rows.labels, predictions.labels, predictions.scores) };
}

/** Where figures came from, in words: set, digest, rows, models and method. */
export function sourceText(holdout: DatasetRecord, rows: LabelledRows, subjects: readonly CheckSubject[]): string {
  const models = subjects.map((subject) => `${subject.version} (model sha256 ${modelArtifact(subject).sha256})`);
  return `hold-out set ${holdout.name} (sha256 ${holdout.digest}, ${rows.labels.length} rows); ${models.join(' and ')}; ${METHOD}`;
}
