import { classifierFigures, labelFigures, type Interval, type LabelFigures } from './metrics.js';

/** How many different values a column may have to be looked at value by value. */
export const SLICE_VALUES = 20;

/** The figures of one slice; the area is null where all its rows are of one class. */
export type SliceFigures = LabelFigures & {
  readonly rocAuc: number | null;
  readonly rocAucInterval: Interval | null;
};

/** The rows in which a column has one value. */
export interface Slice {
  readonly value: number;
  readonly figures: SliceFigures;
}

/** True labels, chosen labels and scores, row beside row. */
export interface AnsweredRows {
  readonly truth: ArrayLike<number>;
  readonly chosen: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** The figures for each value of a column, lowest value first; undefined when the column has more than `most` different values. */
export function slicesOf(column: ArrayLike<number>, rows: AnsweredRows, most = SLICE_VALUES): Slice[] | undefined {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN;
    const known = rowsOf.get(value);
    if (known) known.push(row);
    else if (rowsOf.size === most) return undefined;
    else rowsOf.set(value, [row]);
  }
  return [...rowsOf]
    .sort(([first], [second]) => first - second)
    .map(([value, members]) => ({ value, figures: figuresOf(rows, members) }));
}

function figuresOf({ truth, chosen, scores }: AnsweredRows, members: readonly number[]): SliceFigures {
  const [labels, answers] = [picked(truth, members), picked(chosen, members)];
  if (new Set(labels).size === 1) return { ...labelFigures(labels, answers), rocAuc: null, rocAucInterval: null };
  return classifierFigures(labels, answers, picked(scores, members));
}

function picked(values: ArrayLike<number>, members: readonly number[]): Float64Array {
  return Float64Array.from(members, (row) => values[row] ?? Number.NaN);
}
