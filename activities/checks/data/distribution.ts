import type { Feature } from '../../../domain/checks.js';
import {
  MOST_POINTS,
  trainingDistribution,
  type FeatureDistribution,
  type TrainingDistribution,
} from '../../../domain/drift/training-distribution.js';
import type { DistributionRequest } from '../../ports.js';
import { strictValue } from './columns.js';
import { openDataFile } from './data-file.js';
import { DataFault, openDatabase, type Allowance, type Database } from './duckdb.js';

/**
 * How the features of a file are distributed that are numbers, in single precision, as models are fed them and predictions are
 * logged; a text has no place among them. Throws a `DataFault` where the file does not have them.
 */
export async function distribution(
  { path, features }: DistributionRequest,
  directory: string,
  allowance: Allowance,
): Promise<TrainingDistribution> {
  const database = await openDatabase([path], directory, allowance);
  const file = await openDataFile(database, path);
  const isText = file.shape.format === 'CSV';
  const numbers = features.filter(({ type }) => type !== 'string');
  const columns = numbers.map(({ name, type }, at) => {
    const places = file.shape.columns.flatMap((column, place) => (column.name === name ? [place] : []));
    const [place, ...others] = places;
    if (place === undefined || others.length > 0) throw new DataFault(`the column ${name} is there ${places.length} times`);
    // Zero has two signs.
    return `TRY_CAST(${strictValue(file.column(place), type, isText)} AS FLOAT) + 0 AS v${at}`;
  });
  if (columns.length === 0) throw new DataFault('none of the features is a number');
  // Read once, and a column at a time from then on.
  await database.query(`CREATE TEMP TABLE training AS SELECT ${columns.join(', ')} FROM ${file.table}`);
  const { rows: all } = await database.row('SELECT count(*) AS rows FROM training');
  if (Number(all) === 0) throw new DataFault('the file has no rows');
  if (Number(all) <= MOST_POINTS) return trainingDistribution(await columnsOf(database, numbers));
  const counts = await database.row(
    `SELECT count(*) AS rows, ${columns.map((_, at) => `count(v${at}) AS n${at}`).join(', ')} FROM training`,
  );
  const rows = Number(counts['rows']);
  const distributed: FeatureDistribution[] = [];
  for (const [at, { name }] of numbers.entries()) {
    const there = Number(counts[`n${at}`]);
    distributed.push({ name, rows: there, missing: rows - there, ...(await pointsOf(database, `v${at}`, there)) });
  }
  return { rows, distinctRows: await countDifferent(database, columns.length), features: distributed };
}

/** The rows themselves, where they are few. */
async function columnsOf(database: Database, numbers: readonly Feature[]): Promise<Record<string, Float64Array>> {
  const rows = await database.query('SELECT * FROM training');
  const column = (at: number) => Float64Array.from(rows, (row) => Number(row[`v${at}`] ?? Number.NaN));
  return Object.fromEntries(numbers.map(({ name }, at) => [name, column(at)]));
}

async function pointsOf(
  database: Database,
  column: string,
  rows: number,
): Promise<Pick<FeatureDistribution, 'values' | 'counts'>> {
  const points = (await hasFew(database, column)) ? allOf(column) : quantilesOf(column, rows);
  const counted = await database.query(
    `SELECT CAST(value AS DOUBLE) AS value, count(*) AS count FROM (${points}) GROUP BY value ORDER BY value`,
  );
  return { values: counted.map(({ value }) => Number(value)), counts: counted.map(({ count }) => Number(count)) };
}

async function hasFew(database: Database, column: string): Promise<boolean> {
  const some = `SELECT DISTINCT ${column} FROM training WHERE ${column} IS NOT NULL LIMIT ${MOST_POINTS + 1}`;
  const { different } = await database.row(`SELECT count(*) AS different FROM (${some})`);
  return Number(different) <= MOST_POINTS;
}

function allOf(column: string): string {
  return `SELECT ${column} AS value FROM training WHERE ${column} IS NOT NULL`;
}

/** The values at the middles of as many equal parts; put in order once, which the engine's own quantiles are not. */
function quantilesOf(column: string, rows: number): string {
  const sorted = `SELECT ${column} AS value, row_number() OVER (ORDER BY ${column}) - 1 AS place FROM training WHERE ${column} IS NOT NULL`;
  const places = `SELECT ((2 * range + 1) * ${rows}) // ${2 * MOST_POINTS} AS place FROM range(${MOST_POINTS})`;
  return `SELECT value FROM (${sorted}) SEMI JOIN (${places}) USING (place)`;
}

/** By 128 bits of each row, as two different rows have the same with a chance below 10^-24. */
async function countDifferent(database: Database, columns: number): Promise<number> {
  const values = Array.from({ length: columns }, (_, at) => `v${at}`).join(', ');
  const { different } = await database.row(
    `SELECT count(*) AS different FROM (SELECT DISTINCT hash(${values}), hash('again', ${values}) FROM training)`,
  );
  return Number(different);
}
