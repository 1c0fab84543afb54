import type { Refusal } from '../../domain/refusal.js';
import { checked, notLookedAt, type Check } from '../../platform/doctor/check.js';
import { workerCheck } from '../../platform/doctor/logins.js';
import { RECORD_CHECKS, recordChecks } from '../../platform/doctor/record.js';
import { openPool, type Db } from '../../platform/pool.js';
import { recordAway, within } from '../record.js';

const ANSWERS_WITHIN_MS = 7_000;
const CONNECTS_WITHIN_MS = 5_000;
const WANTS = 'a PostgreSQL server that answers and takes this login';

/** What can be said of the record, with the login that reads it. */
export async function readerChecks(url: string): Promise<Check[]> {
  const { hostname, port, pathname } = new URL(url);
  const reached = checked('postgres', true, { found: `${hostname}:${port || 5432}${pathname}`, wants: WANTS, next: null });
  const checks = await asked(url, 'GATEHOUSE_READ_URL', recordChecks);
  if (Array.isArray(checks)) return [reached, ...checks];
  const { what, next = null } = checks;
  const later = ['schema', ...RECORD_CHECKS].map((id) => notLookedAt(id, '-', 'postgres is away'));
  return [checked('postgres', false, { found: what, wants: WANTS, next }), ...later];
}

/** What can be said of the worker's login, where it is known. */
export async function workerChecks(url: string | undefined): Promise<Check[]> {
  if (url === undefined) return [];
  const id = 'worker-login';
  const checks = await asked(url, 'DATABASE_URL', async (db) => [await workerCheck(db)]);
  if (Array.isArray(checks)) return checks;
  const { what, next = null } = checks;
  return [checked(id, false, { found: what, wants: 'a login that reaches the record', next })];
}

async function asked(url: string, variable: string, ask: (db: Db) => Promise<Check[]>): Promise<Check[] | Refusal> {
  const pool = openPool(url, 'gatehouse doctor', { max: 1, connectTimeoutMs: CONNECTS_WITHIN_MS });
  try {
    return await within(ANSWERS_WITHIN_MS, ask(pool));
  } catch (error) {
    return recordAway(url, error, variable);
  } finally {
    void pool.end();
  }
}
