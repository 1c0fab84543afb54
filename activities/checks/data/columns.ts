import type { Feature } from '../../../domain/checks.js';
import type { ColumnExpectation, Offence } from '../../../domain/data-profile.js';
import { textLiteral } from './duckdb.js';

/** A column that is asked for: its type in the feature view, and what is expected of it. */
export type AskedColumn = Feature &
  ColumnExpectation & { /** Whether no value at all is an offence. */ readonly required?: boolean };

const NUMBER = String.raw`[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?`;
/** How each type is written in a CSV file, and what holds it in a query. */
const TYPES: Readonly<Record<string, { readonly sql: string; readonly written: string }>> = {
  float32: { sql: 'FLOAT', written: NUMBER },
  float64: { sql: 'DOUBLE', written: NUMBER },
  int64: { sql: 'BIGINT', written: '[+-]?[0-9]+' },
  int32: { sql: 'INTEGER', written: '[+-]?[0-9]+' },
  bool: { sql: 'BOOLEAN', written: '(?i:true|false)|[01]' },
};

/** A column's value in its own type; null where there is none and where what is there is not of that type. */
export function strictValue(raw: string, type: string, isText: boolean): string {
  const value = looseValue(raw, type, isText);
  const written = TYPES[type]?.written;
  const conditions = [
    isText && written !== undefined && `regexp_full_match(${raw}, '${written}')`,
    type.startsWith('float') && `isfinite(${value})`,
  ].filter(Boolean);
  return conditions.length === 0 ? value : `CASE WHEN ${conditions.join(' AND ')} THEN ${value} END`;
}

/** The same for right values; for the others whatever the engine takes them for, which is found sooner. */
export function looseValue(raw: string, type: string, isText: boolean): string {
  const known = TYPES[type];
  if (!known) return `CAST(${raw} AS VARCHAR)`;
  // A file that knows types may have a float32 as a float64, which can be out of range.
  return isText || type === 'float32' ? `TRY_CAST(${raw} AS ${known.sql})` : raw;
}

/** What can be wrong with values of a column, as conditions over it as it is in the file (`raw`) and in its own type (`value`). */
export function offencesOf(column: AskedColumn, raw: string, value: string): (readonly [Offence['kind'], string])[] {
  const { type, min, max, values, required } = column;
  const conditions: (readonly [Offence['kind'], string])[] = [['wrong', `${raw} IS NOT NULL AND ${value} IS NULL`]];
  if (required) conditions.push(['missing', `${raw} IS NULL`]);
  const isNumber = /^(float|int)/.test(type);
  if (isNumber && min !== undefined) conditions.push(['below', `${value} < ${numberLiteral(min, type)}`]);
  if (isNumber && max !== undefined) conditions.push(['above', `${value} > ${numberLiteral(max, type)}`]);
  if (values) conditions.push(['unexpected', `${value} IS NOT NULL AND NOT ${isOneOf(value, values, type)}`]);
  return conditions;
}

/** A float32 column is held against the limit as a float32, or 0.1 would be above 0.1. */
function numberLiteral(number: number, type: string): string {
  if (type === 'float32') return `CAST('${Math.fround(number)}' AS FLOAT)`;
  return type === 'float64' ? `CAST('${number}' AS DOUBLE)` : `(${number})`;
}

function isOneOf(value: string, values: readonly (string | number | boolean)[], type: string): string {
  const literals = values.flatMap((one) => literalsOf(one, type));
  return literals.length === 0 ? 'false' : `${value} IN (${literals.join(', ')})`;
}

/** An allowed value as the column's type has it; none where it can have no such value. */
function literalsOf(one: string | number | boolean, type: string): string[] {
  if (!TYPES[type]) return [textLiteral(String(one))];
  if (type === 'bool') return one === true || one === 1 ? ['true'] : one === false || one === 0 ? ['false'] : [];
  return typeof one === 'number' ? [numberLiteral(one, type)] : [];
}
