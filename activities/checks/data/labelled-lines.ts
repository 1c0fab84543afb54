import { openDataFile } from './data-file.js';
import { DataFault, openDatabase, type Allowance } from './duckdb.js';

/** A labelled Parquet file, the columns it is to have, and how many of its rows are asked for; all when not said. */
export interface LinesRequest {
  readonly path: string;
  readonly features: readonly string[];
  readonly label: string;
  readonly most?: number;
}

/**
 * A labelled Parquet file as lines of CSV, header first, without holding it in memory. Numbers are written as the float64 they
 * are, so that a float32 comes back as it was. Of a file with other columns only the header. Throws a `DataFault`.
 */
export async function* labelledLines(
  { path, features, label, most }: LinesRequest,
  directory: string,
  allowance: Allowance,
): AsyncGenerator<string> {
  const database = await openDatabase([path], directory, allowance);
  const file = await openDataFile(database, path);
  const { shape, table } = file;
  const names = shape.columns.map(({ name }) => name);
  yield `${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n`;
  const wanted = new Set([...features, label]);
  if (names.length !== wanted.size || !names.every((name) => wanted.has(name))) return;
  const cells = shape.columns.map(({ name, type }, at) => {
    if (name === label) return `'"' || replace(coalesce(CAST(${file.column(at)} AS VARCHAR), ''), '"', '""') || '"'`;
    if (type === 'float32' || type === 'float64') return `coalesce(CAST(CAST(${file.column(at)} AS DOUBLE) AS VARCHAR), '')`;
    throw new DataFault(`column ${name} is ${type}, not float32 or float64`);
  });
  const limit = most === undefined ? '' : ` LIMIT ${most}`;
  for await (const lines of database.texts(`SELECT concat_ws(',', ${cells.join(', ')}) FROM ${table}${limit}`))
    yield `${lines.join('\n')}\n`;
}
