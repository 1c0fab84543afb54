import type { Finding } from '../../domain/checks.js';
import { typeReadAs, type ColumnExpectation, type FileRead, type TrainingFigures } from '../../domain/data-profile.js';
import {
  figureReasons,
  freshnessReasons,
  holdoutReasons,
  minorityShare,
  overlapReasons,
  senselessExpectations,
  type DataExpectations,
  type LabelRule,
} from '../../domain/data-quality.js';
import { columnDifferences } from '../../domain/feature-differences.js';
import { formatFigure } from '../../domain/metrics.js';
import { formatDuration } from '../../domain/quantity.js';
import { CannotMeasure } from './cannot-measure.js';
import { found, listed, type Check, type CheckContext } from './check.js';
import { differencesInWords } from './feature-schema.js';
import { holdoutOf } from './holdout.js';
import { viewText, type CheckSubject, type DatasetRecord, type RegisteredFeatureView } from './subject.js';

const NAME = 'data-quality';

/** Passes when the training set has the columns of its feature view and meets the policy's expectations (rules §2). */
export const dataQuality: Check = {
  name: NAME,
  async run(context) {
    const { subject, policy, now } = context;
    const asked = policy.data_quality;
    const [training, holdout, view] = [trainingOf(subject), holdoutOf(subject), viewOf(subject)];
    const limit = limits(asked);
    const fresh = freshnessReasons(training.registeredAt, now, asked.freshness);
    const strange = [training, holdout].flatMap((set) => otherView(set, view));
    if (strange.length > 0)
      return found(NAME, [...strange, ...fresh], { measured: {}, limit, source: sourceText([training, holdout]) });
    for (const { digest } of [training, holdout]) await mustBeIntact(context, digest);

    const features = view.features.map((feature) => ({ ...feature, ...expectationOf(asked, feature.name) }));
    const file = (set: DatasetRecord) => ({ path: context.store.pathOf(set.digest), label: labelOf(set) });
    const profile = await context.data.profile({ training: file(training), holdout: file(holdout), features }, context.signal);
    const reasons = [
      ...readReasons(training, profile.training, view),
      ...[
        ...readReasons(holdout, profile.holdout, view),
        ...(profile.holdoutFigures ? holdoutReasons(profile.holdoutFigures, labelOf(holdout)) : []),
      ].map((reason) => `hold-out set ${holdout.name}: ${reason}`),
      ...senselessExpectations(asked.columns, new Map(view.features.map(({ name, type }) => [name, type])), training.label),
      ...(profile.figures ? figureReasons(profile.figures, asked, labelOf(training)) : []),
      ...overlapReasons(profile.overlap, asked.overlap),
      ...fresh,
    ];
    return found(NAME, reasons, {
      measured: {
        ...(profile.figures && measuredTexts(profile.figures)),
        ...(profile.overlap && { overlap: String(profile.overlap.shared), holdout_rows: String(profile.overlap.rows) }),
        registered: training.registeredAt,
      },
      limit,
      source: `${sourceText([training, holdout])}; every row read and counted by ${profile.engine}`,
    });
  },
};

function trainingOf({ modelFile, trainingSet }: CheckSubject): DatasetRecord {
  if (!trainingSet) throw new CannotMeasure(`the training set ${modelFile.training.dataset} is not registered`);
  const { name, role } = trainingSet;
  if (role !== 'training') throw new CannotMeasure(`${name} is registered as a ${role} set, not as a training set`);
  return trainingSet;
}

function labelOf({ label, positive }: DatasetRecord): LabelRule {
  return { name: label, positive };
}

function viewOf({ modelFile, featureView }: CheckSubject): RegisteredFeatureView {
  if (!featureView) throw new CannotMeasure(`${viewText(modelFile.featureView)} is not registered`);
  return featureView;
}

function otherView({ name, featureView }: DatasetRecord, view: RegisteredFeatureView): string[] {
  const [given, asked] = [viewText(featureView), viewText(view)];
  return given === asked ? [] : [`${name} is for ${given}, the model for ${asked}`];
}

async function mustBeIntact({ store, signal }: CheckContext, digest: string): Promise<void> {
  if (!(await store.verify(digest, signal))) throw new Error(`the stored data set does not have its SHA-256 ${digest}`);
}

function expectationOf({ columns }: DataExpectations, name: string): ColumnExpectation {
  return Object.hasOwn(columns, name) ? (columns[name] ?? {}) : {};
}

/** Why a file is not one of this view: it cannot be read, or its columns are not the view's and the label. */
function readReasons({ label }: DatasetRecord, read: FileRead, view: RegisteredFeatureView): string[] {
  if (!read.ok) return [read.fault];
  const { columns } = read.shape;
  const labels = columns.filter(({ name }) => name === label).length;
  const features = columns
    .filter(({ name }) => name !== label)
    .map((column) => {
      const asked = view.features.find((one) => one.name === column.name)?.type;
      return { name: column.name, type: typeReadAs(column, asked ?? 'text') };
    });
  return [
    ...differencesInWords(columnDifferences(features, view.features)),
    ...(labels === 1 ? [] : [labels === 0 ? `the label ${label} is missing` : `the label ${label} is there ${labels} times`]),
  ];
}

function sourceText(sets: readonly DatasetRecord[]): string {
  return sets
    .map(({ name, role, digest }) => `${role === 'training' ? 'training' : 'hold-out'} set ${name} (sha256 ${digest})`)
    .join(' and ');
}

function limits(asked: DataExpectations): Finding['limit'] {
  const columns = Object.entries(asked.columns).map(
    ([name, expectation]) => [`column ${name}`, expectationText(expectation)] as const,
  );
  return {
    rows: `>= ${asked.min_rows}`,
    nulls: `<= ${formatFigure(asked.nulls)}`,
    duplicates: `<= ${formatFigure(asked.duplicates)}`,
    minority: `>= ${formatFigure(asked.minority)}`,
    overlap: `<= ${asked.overlap}`,
    registered: `at most ${formatDuration(asked.freshness)} ago`,
    ...Object.fromEntries(columns),
  };
}

function expectationText({ min, max, values, nulls }: ColumnExpectation): string {
  const parts = [
    min !== undefined && `>= ${min}`,
    max !== undefined && `<= ${max}`,
    values && `one of ${listed(values.map(String), 10)}`,
    nulls !== undefined && `nulls <= ${formatFigure(nulls)}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function measuredTexts({ rows, columns, classes, duplicates }: TrainingFigures): Finding['measured'] {
  const share = (count: number) => (rows === 0 ? 'not defined' : formatFigure(count / rows));
  const minority = minorityShare(classes);
  const ranges = columns.flatMap(({ name, range }) =>
    range ? [[`column ${name}`, `${range.lowest} to ${range.highest}`] as const] : [],
  );
  return {
    rows: String(rows),
    columns: String(columns.length),
    nulls: share(Math.max(...columns.map(({ nulls }) => nulls))),
    duplicates: share(duplicates),
    positives: String(classes.positives),
    negatives: String(classes.negatives),
    minority: minority === null ? 'not defined' : formatFigure(minority),
    ...Object.fromEntries(ranges),
  };
}
