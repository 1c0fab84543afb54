import type {
  ClassFigures,
  ColumnExpectation,
  ColumnFigures,
  DataProfile,
  Offence,
  RowFigures,
  TrainingFigures,
} from './data-profile.js';
import { formatApart } from './metrics.js';
import { formatDuration } from './quantity.js';
import { valueText } from './data-text.js';

/** What a policy asks of the training set of a model. */
export interface DataExpectations {
  readonly min_rows: number;
  /** The share of rows that may have no value in a column. */
  readonly nulls: number;
  /** The share of rows that may repeat an earlier one. */
  readonly duplicates: number;
  /** The share of rows that the smaller class has at least. */
  readonly minority: number;
  /** Rows of the hold-out set whose features may be in the training set as well. */
  readonly overlap: number;
  /** How long ago the set may have been registered, in milliseconds. */
  readonly freshness: number;
  readonly columns: { readonly [name: string]: ColumnExpectation };
}

/** How many columns are named one by one; the rest is counted. */
const COLUMNS_NAMED = 20;

/** Everything in which the figures of a training set are not as asked; every limit itself is still allowed (rules §2). */
export function figureReasons(figures: TrainingFigures, asked: DataExpectations, label: LabelRule): string[] {
  const { rows, columns, duplicates } = figures;
  const byColumn = columns.flatMap((column) => columnReasons(column, rows, asked));
  return [
    ...(rows < asked.min_rows ? [`${count(rows, 'row')}, at least ${asked.min_rows} are asked for`] : []),
    ...firstOf(byColumn),
    ...above(duplicates / rows, asked.duplicates, `${duplicates} of ${count(rows, 'row')} the same as an earlier one`),
    ...classReasons(figures.classes, asked.minority, label),
  ];
}

/** Why a hold-out set cannot be fed to a model: it has no rows, a value is missing or not of its type, a label is of no class. */
export function holdoutReasons({ rows, columns, classes }: RowFigures, label: LabelRule): string[] {
  const byColumn = columns.flatMap(({ name, offences }) =>
    offences.map((offence) => `column ${name}: ${offenceText(offence, undefined)}`),
  );
  return [...(rows === 0 ? ['no rows'] : []), ...firstOf(byColumn), ...classReasons(classes, 0, label)];
}

/** Why rows shared with the hold-out set are too many; empty when they are not, or cannot be counted. */
export function overlapReasons(overlap: DataProfile['overlap'], most: number): string[] {
  if (!overlap || overlap.shared <= most) return [];
  return [
    `${overlap.shared} of ${count(overlap.rows, 'row')} of the hold-out set also in the training set, at most ${most} may be`,
  ];
}

/** Why a data set is too old; one registered exactly as long ago as it may be is not. */
export function freshnessReasons(registeredAt: string, now: number, freshness: number): string[] {
  if (now - Date.parse(registeredAt) <= freshness) return [];
  return [`registered on ${registeredAt}, longer ago than ${formatDuration(freshness)}`];
}

/** What a policy asks of columns in a way that can never be told: of ones that are not there, or a range of what is no number. */
export function senselessExpectations(
  columns: DataExpectations['columns'],
  types: ReadonlyMap<string, string>,
  label: string,
): string[] {
  return Object.entries(columns).flatMap(([name, { min, max, values }]) => {
    const hasRange = min !== undefined || max !== undefined;
    if (name === label)
      return hasRange || values ? [`the policy has values for the label ${name}, which the data set declares itself`] : [];
    const type = types.get(name);
    if (type === undefined) return [`the policy has expectations of a column ${name}, which is neither a feature nor the label`];
    if (!hasRange || /^(float|int)/.test(type)) return [];
    return [`the policy has a range for ${name}, which is ${type}`];
  });
}

/** The label's column, and the value that is class 1; null where the labels are 0 and 1. */
export interface LabelRule {
  readonly name: string;
  readonly positive: string | null;
}

/** The share of the smaller class; null when no row has a class. */
export function minorityShare({ positives, negatives }: ClassFigures): number | null {
  const rows = positives + negatives;
  return rows === 0 ? null : Math.min(positives, negatives) / rows;
}

function classReasons(classes: ClassFigures, least: number, { name, positive }: LabelRule): string[] {
  const { positives, negatives, others } = classes;
  // Where the labels are 0 and 1 each other value is named with its row already.
  if (positive !== null && others && others.first !== others.last)
    return [
      `column ${name}: ${valueText(others.first)} and ${valueText(others.last)} besides ${JSON.stringify(positive)}, one other label is expected`,
    ];
  const share = minorityShare(classes);
  if (share === null || share >= least) return [];
  const [measured, asked] = formatApart(share, least);
  return [
    `the smaller class has ${Math.min(positives, negatives)} of ${count(positives + negatives, 'row')}: ${measured} is below ${asked}`,
  ];
}

function columnReasons({ name, nulls, offences }: ColumnFigures, rows: number, asked: DataExpectations): string[] {
  const own = Object.hasOwn(asked.columns, name) ? asked.columns[name] : undefined;
  return [
    ...above(nulls / rows, own?.nulls ?? asked.nulls, `column ${name}: ${nulls} of ${count(rows, 'row')} without a value`),
    ...offences.map((offence) => `column ${name}: ${offenceText(offence, own)}`),
  ];
}

function offenceText({ kind, rows, firstRow, first }: Offence, own: ColumnExpectation | undefined): string {
  if (kind === 'missing') return `${count(rows, 'row')} without a value, first in row ${firstRow}`;
  const wrong = {
    wrong: 'not of its type',
    below: `below ${own?.min}`,
    above: `above ${own?.max}`,
    unexpected: own?.values
      ? `none of ${own.values.slice(0, 10).join(', ')}${own.values.length > 10 ? ', …' : ''}`
      : 'neither 0 nor 1',
  }[kind];
  return `${count(rows, 'value')} ${wrong}, first ${valueText(first)} in row ${firstRow}`;
}

function firstOf(reasons: readonly string[]): string[] {
  const unnamed = reasons.length - COLUMNS_NAMED;
  return [...reasons.slice(0, COLUMNS_NAMED), ...(unnamed > 0 ? [`${unnamed} more such reasons`] : [])];
}

function above(share: number, most: number, what: string): string[] {
  if (!(share > most)) return [];
  const [measured, asked] = formatApart(share, most);
  return [`${what}: ${measured} is above ${asked}`];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
