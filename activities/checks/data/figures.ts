import type { ColumnFigures, Offence, RowFigures } from '../../../domain/data-profile.js';
import { offencesOf, type AskedColumn } from './columns.js';
import type { Database, Row } from './duckdb.js';

const SHOWN_CHARACTERS = 40;

/** A column with the names under which rows have it: as it is in the file, and in its own type. */
export type PlacedColumn = AskedColumn & { readonly raw: string; readonly value: string };

interface Counter {
  readonly column: string;
  readonly kind: Offence['kind'];
  readonly condition: string;
  readonly raw: string;
}

/** What one pass over the rows of a data set tells; only where values are not as asked, a second one finds the first of them. */
export async function countRows(database: Database, rows: string, columns: readonly PlacedColumn[]): Promise<RowFigures> {
  const counters = columns.flatMap((column): Counter[] =>
    offencesOf(column, column.raw, column.value).map(([kind, condition]) => ({
      column: column.name,
      kind,
      condition,
      raw: column.raw,
    })),
  );
  const totals = await database.row(
    `SELECT ${[...columnTotals(columns), ...CLASS_TOTALS, ...counts(counters)].join(', ')} FROM (${rows})`,
  );
  const offences = await firstOf(
    database,
    rows,
    counters.map((counter, at) => ({ ...counter, rows: Number(totals[`o${at}`]) })).filter((counter) => counter.rows > 0),
  );
  const count = Number(totals['rows']);
  return {
    rows: count,
    columns: columns.map(({ name }, at): ColumnFigures => ({
      name,
      nulls: count - Number(totals[`n${at}`]),
      range: rangeOf(totals[`lowest${at}`], totals[`highest${at}`]),
      offences: offences.filter(({ column }) => column === name).map(({ offence }) => offence),
    })),
    classes: {
      positives: Number(totals['positives']),
      negatives: Number(totals['negatives']),
      others:
        typeof totals['first_other'] === 'string'
          ? { first: cut(totals['first_other']), last: cut(String(totals['last_other'])) }
          : null,
    },
  };
}

const CLASS_TOTALS = [
  'count(*) AS rows',
  'count_if(class) AS positives',
  'count_if(NOT class) AS negatives',
  'min(label) FILTER (WHERE NOT class) AS first_other',
  'max(label) FILTER (WHERE NOT class) AS last_other',
];

function columnTotals(columns: readonly PlacedColumn[]): string[] {
  return columns.flatMap(({ raw, value, min, max }, at) => [
    `count(${raw}) AS n${at}`,
    ...(min === undefined && max === undefined ? [] : [`min(${value}) AS lowest${at}`, `max(${value}) AS highest${at}`]),
  ]);
}

function counts(counters: readonly Counter[]): string[] {
  return counters.map(({ condition }, at) => `count_if(${condition}) AS o${at}`);
}

async function firstOf(
  database: Database,
  rows: string,
  counters: readonly (Counter & { readonly rows: number })[],
): Promise<{ readonly column: string; readonly offence: Offence }[]> {
  if (counters.length === 0) return [];
  const wanted = counters.flatMap(({ condition, raw }, at) => [
    `min(row) FILTER (WHERE ${condition}) AS row${at}`,
    `arg_min(CAST(${raw} AS VARCHAR), row) FILTER (WHERE ${condition}) AS text${at}`,
  ]);
  const first: Row = await database.row(
    `SELECT ${wanted.join(', ')} FROM (SELECT *, row_number() OVER () AS row FROM (${rows}))`,
  );
  return counters.map(({ column, kind, rows: count }, at) => ({
    column,
    offence: { kind, rows: count, firstRow: Number(first[`row${at}`]), first: cut(String(first[`text${at}`])) },
  }));
}

function rangeOf(lowest: Row[string] | undefined, highest: Row[string] | undefined): ColumnFigures['range'] {
  if (lowest === undefined || lowest === null) return null;
  return { lowest: String(lowest), highest: String(highest) };
}

function cut(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text;
  // Half of a character that takes two is text no record keeps.
  return `${text.slice(0, SHOWN_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
