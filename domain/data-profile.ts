/** What a policy asks of one column; what it leaves out is not asked. */
export interface ColumnExpectation {
  readonly min?: number;
  readonly max?: number;
  /** The only values there may be. */
  readonly values?: readonly (string | number | boolean)[];
  /** The share of rows that may have no value, instead of the share for all columns. */
  readonly nulls?: number;
}

/** A column a data file has: its type is null where the format knows none. */
export interface FileColumn {
  readonly name: string;
  readonly type: string | null;
}

/** The type a column is read as where another is asked for: a float64 is read as float32, as decimals of a CSV file are. */
export function typeReadAs({ type }: FileColumn, asked: string): string {
  return type === null || (type === 'float64' && asked === 'float32') ? asked : type;
}

/** What a data file is by its content, and the columns in its order. */
export interface FileShape {
  readonly format: 'CSV' | 'Parquet';
  readonly columns: readonly FileColumn[];
}

/** Values of one column that are not as asked: how many, and the first of them, rows counted from 1. */
export interface Offence {
  readonly kind: 'missing' | 'wrong' | 'below' | 'above' | 'unexpected';
  readonly rows: number;
  readonly firstRow: number;
  /** The first one as text, cut after a few characters. */
  readonly first: string;
}

/** One column of a data set in figures. */
export interface ColumnFigures {
  readonly name: string;
  readonly nulls: number;
  /** The ends of the right values, where a range is asked for and there are any. */
  readonly range: { readonly lowest: string; readonly highest: string } | null;
  readonly offences: readonly Offence[];
}

/** The rows by class: those with the positive label, and those with any other. */
export interface ClassFigures {
  readonly positives: number;
  readonly negatives: number;
  /** The first and the last of the other labels by their text, which are the same when there is one; null without any. */
  readonly others: { readonly first: string; readonly last: string } | null;
}

/** The rows of a data set in figures. */
export interface RowFigures {
  readonly rows: number;
  /** The features, then the label. */
  readonly columns: readonly ColumnFigures[];
  readonly classes: ClassFigures;
}

/** A training set in figures. */
export interface TrainingFigures extends RowFigures {
  /** Rows that repeat an earlier one in all features and the class. */
  readonly duplicates: number;
}

/** What a profiler read of one file: its shape, or why it cannot be read as it is. */
export type FileRead = { readonly ok: true; readonly shape: FileShape } | { readonly ok: false; readonly fault: string };

/** A training set and its hold-out set in figures. */
export interface DataProfile {
  /** What counted, by name and version. */
  readonly engine: string;
  readonly training: FileRead;
  readonly holdout: FileRead;
  /** Null when the training set does not have the columns that are asked for, or cannot be read. */
  readonly figures: TrainingFigures | null;
  /** What keeps the hold-out set from being fed to a model; null when it does not have the columns, or cannot be read. */
  readonly holdoutFigures: RowFigures | null;
  /** Rows of the hold-out set, and how many of them have the features of a training row; null when they cannot be compared. */
  readonly overlap: { readonly rows: number; readonly shared: number } | null;
}
