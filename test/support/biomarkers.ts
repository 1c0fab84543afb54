import { readFileSync } from 'node:fs';
import type { FeatureReading } from '../../domain/live.js';

/** Columns of numbers by feature, row beside row. */
export type Columns = Readonly<Record<string, Float64Array>>;

/** The features of a data set of the example; its label is left out. */
export function biomarkers(file: 'train' | 'holdout'): Columns {
  const path = new URL(`../../examples/alzheimer/data/${file}.csv`, import.meta.url);
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  return Object.fromEntries(
    header
      .split(',')
      .flatMap((name, at) => (name === 'impaired' ? [] : [[name, Float64Array.from(rows, (row) => row[at] ?? Number.NaN)]])),
  );
}

/** The rows of some data set at these places, in this order. */
export function rowsAt(columns: Columns, places: readonly number[]): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => {
      const picked = new Float64Array(places.length);
      for (let row = 0; row < places.length; row++) picked[row] = column[places[row] ?? 0] ?? Number.NaN;
      return [name, picked];
    }),
  );
}

/** The rows of one data set after those of another. */
export function together(first: Columns, second: Columns): Columns {
  return Object.fromEntries(
    Object.entries(first).map(([name, column]) => [name, Float64Array.of(...column, ...(second[name] ?? []))]),
  );
}

/** How many rows a data set has. */
export function rowCount(columns: Columns): number {
  return Object.values(columns)[0]?.length ?? 0;
}

/** So many rows drawn from a data set, each as likely at every draw. */
export function drawn(columns: Columns, rows: number, random: () => number): Columns {
  const all = rowCount(columns);
  return rowsAt(
    columns,
    Array.from({ length: rows }, () => Math.floor(random() * all)),
  );
}

/** A data set in another order. */
export function shuffled(columns: Columns, random: () => number): Columns {
  const places = Array.from({ length: rowCount(columns) }, (_, at) => at);
  for (let at = places.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [places[at], places[other]] = [places[other] ?? 0, places[at] ?? 0];
  }
  return rowsAt(columns, places);
}

/** Rows as a prediction log answers them. */
export function asValues(columns: Columns): FeatureReading {
  const value = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, { kind: 'values', values } as const]));
  return { known: true, value };
}

/** Rows as the cumulative histogram of a serving system answers them, with a dozen edges between round numbers. */
export function asBins(columns: Columns): FeatureReading {
  const edges = [-5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100];
  const value = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => {
      const counts = Array.from({ length: edges.length + 1 }, () => 0);
      for (const each of values) {
        const bin = edges.findIndex((edge) => each <= edge);
        const at = bin === -1 ? edges.length : bin;
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return [name, { kind: 'bins', edges, counts } as const];
    }),
  );
  return { known: true, value };
}
