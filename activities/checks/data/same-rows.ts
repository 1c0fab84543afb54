import type { AskedColumn } from './columns.js';
import type { Database } from './duckdb.js';

const SALT = `'again'`;

/**
 * Keeps 128 bits of each row's features, and its class beside them. So much of ten million rows fits into memory, where the rows do not,
 * and two different rows have the same bits with a chance below 10^-24.
 */
export async function hashRows(
  database: Database,
  name: 'training' | 'holdout',
  { rows, features }: { readonly rows: string; readonly features: readonly AskedColumn[] },
): Promise<void> {
  const values = features.map((_, at) => `v${at}`);
  // Texts of one hash would stay of one hash beside the salt.
  const salted = features.map(({ type }, at) => (type === 'string' ? `${SALT} || v${at}` : `v${at}`));
  const bits = [`hash(${values.join(', ')}) AS a`, `hash(${[SALT, ...salted].join(', ')}) AS b`];
  await database.query(`CREATE TEMP TABLE ${name}_row AS SELECT ${bits.join(', ')}, class FROM (${rows})`);
}

/** How many training rows are the same as an earlier one; asked after they are hashed. */
export async function countDuplicates(database: Database): Promise<number> {
  const copies = 'SELECT count(*) AS copies FROM training_row GROUP BY a, b, class HAVING count(*) > 1';
  const { duplicates } = await database.row(`SELECT coalesce(sum(copies - 1), 0) AS duplicates FROM (${copies})`);
  return Number(duplicates);
}

/** How many hold-out rows there are, and how many of them have the features of a training row, whatever its class; asked after both are hashed. */
export async function countShared(database: Database): Promise<{ readonly rows: number; readonly shared: number }> {
  const { rows } = await database.row('SELECT count(*) AS rows FROM holdout_row');
  const { shared } = await database.row('SELECT count(*) AS shared FROM holdout_row SEMI JOIN training_row USING (a, b)');
  return { rows: Number(rows), shared: Number(shared) };
}
