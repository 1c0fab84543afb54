import { typeReadAs } from '../../../domain/data-profile.js';
import type { ProfiledFile } from '../../ports.js';
import type { AskedColumn, looseValue } from './columns.js';
import type { DataFile } from './data-file.js';
import { textLiteral } from './duckdb.js';

type Label = ProfiledFile['label'];

/** Whether a file has a column once for each that is asked for, in a type that is read as its own where the format knows types. */
export function hasColumns({ shape }: DataFile, asked: readonly AskedColumn[], label: Label): boolean {
  const isThere = (name: string, type?: string) => {
    const [column, ...others] = shape.columns.filter((one) => one.name === name);
    return column !== undefined && others.length === 0 && (type === undefined || typeReadAs(column, type) === type);
  };
  return asked.every(({ name, type }) => isThere(name, type)) && isThere(label.name);
}

/**
 * The rows of a file as a query: each feature as it is in the file (`r0`, `r1`, …) and in its own type (`v0`, `v1`, …),
 * then the label as text (`label`) and whether it is the positive one (`class`).
 */
export function rowsOf(
  file: DataFile,
  {
    features,
    label,
    valueOf,
  }: { readonly features: readonly AskedColumn[]; readonly label: Label; readonly valueOf: typeof looseValue },
): string {
  const raw = (name: string) => file.column(file.shape.columns.findIndex((one) => one.name === name));
  const isText = file.shape.format === 'CSV';
  const raws = features.map(({ name }, at) => `${raw(name)} AS r${at}`);
  const values = features.map(({ type }, at) => `${valueOf(`r${at}`, type, isText)} AS v${at}`);
  const chosen = [...raws, `CAST(${raw(label.name)} AS VARCHAR) AS label`].join(', ');
  const positive = `label = ${textLiteral(label.positive ?? '1')} AS class`;
  return `SELECT *, ${[...values, positive].join(', ')} FROM (SELECT ${chosen} FROM ${file.table})`;
}
