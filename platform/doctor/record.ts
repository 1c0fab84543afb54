import type { Db } from '../pool.js';
import { notLookedAt, type Check } from './check.js';
import { databaseChecks } from './database.js';
import { readerCheck } from './logins.js';
import { schemaCheck } from './schema.js';
import { clockCheck, productionCheck } from './times.js';

/** What is checked of a record once it answers; the later ones need the schema of this release. */
export const RECORD_CHECKS = ['reader-login', 'production', 'clock'] as const;

/** Everything that can be said of the record by the login that reads it. */
export async function recordChecks(db: Db): Promise<Check[]> {
  const schema = await schemaCheck(db);
  const checks = [...(await databaseChecks(db)), schema];
  if (!schema.ok) return [...checks, ...RECORD_CHECKS.map((id) => notLookedAt(id, '-', 'the schema is of another release'))];
  return [...checks, await readerCheck(db), await productionCheck(db), await clockCheck(db)];
}
