import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import type { FileShape } from '../../../domain/data-profile.js';
import { DataFault, textLiteral, type Database } from './duckdb.js';
import { isParquet } from './format.js';

/** As for labelled sets that are fed to a model. */
const RECORD_LIMIT_BYTES = 1024 * 1024;

/** Parquet's types by the names of feature views. */
const TYPES: Readonly<Record<string, string>> = {
  FLOAT: 'float32',
  DOUBLE: 'float64',
  BIGINT: 'int64',
  INTEGER: 'int32',
  BOOLEAN: 'bool',
  VARCHAR: 'string',
};

/** A data file with its columns read, and how a query reads its rows. */
export interface DataFile {
  readonly shape: FileShape;
  /** The table to select from. */
  readonly table: string;
  /** A column of the table by its place. */
  column(at: number): string;
}

/** Looks at a data file: Parquet by its first bytes, CSV otherwise, never by its name. Throws a `DataFault` when it is neither. */
export async function openDataFile(database: Database, path: string): Promise<DataFile> {
  if ((await stat(path)).size === 0) throw new DataFault('the file is empty');
  return (await isParquet(path)) ? parquetFile(database, path) : csvFile(path);
}

async function parquetFile(database: Database, path: string): Promise<DataFile> {
  const table = `read_parquet(${textLiteral(path)}, hive_partitioning = false)`;
  const described = await database.query(`DESCRIBE SELECT * FROM ${table}`);
  const columns = described.map(({ column_name, column_type }) => {
    const type = String(column_type);
    return { name: String(column_name), type: TYPES[type] ?? type.slice(0, 100) };
  });
  return {
    shape: { format: 'Parquet', columns },
    table,
    column: (at) => `"${columns[at]?.name.replaceAll('"', '""')}"`,
  };
}

async function csvFile(path: string): Promise<DataFile> {
  const header = await readHeader(path);
  const names = header.map((_, at) => `${textLiteral(`c${at}`)}: 'VARCHAR'`);
  // Read by several threads, quoted line breaks can be taken for ends of rows.
  const options = `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', compression = 'none', parallel = false`;
  return {
    shape: { format: 'CSV', columns: header.map((name) => ({ name, type: null })) },
    table: `read_csv(${textLiteral(path)}, ${options}, max_line_size = ${RECORD_LIMIT_BYTES}, columns = {${names.join(', ')}})`,
    column: (at) => `c${at}`,
  };
}

async function readHeader(path: string): Promise<string[]> {
  const parser = parse({ bom: true, to: 1, max_record_size: RECORD_LIMIT_BYTES });
  const read = pipeline(createReadStream(path), parser);
  // Leaving off after the header breaks the pipeline; a real failure is thrown by the loop.
  read.catch(() => undefined);
  try {
    for await (const record of parser as AsyncIterable<string[]>) return record;
  } catch (problem) {
    if (problem instanceof Error && 'code' in problem && String(problem.code).startsWith('CSV_'))
      throw new DataFault(`the header cannot be read as CSV: ${String(problem.code)}`);
    throw problem;
  }
  throw new DataFault('the file has no header');
}
