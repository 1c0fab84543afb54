import { refusalLine, type Refusal } from '../domain/refusal.js';
import { databaseChecks } from './doctor/database.js';
import { workerCheck } from './doctor/logins.js';
import { schemaCheck } from './doctor/schema.js';
import { openPool, type Db } from './pool.js';
import { prometheusRefused, type PrometheusConfig } from './prometheus.js';

/** The record cannot be worked on as it is; the refusal says what is wrong with it and how to mend it. */
export class PreflightFailed extends Error {
  override readonly name = 'PreflightFailed';

  constructor(readonly refusal: Refusal) {
    super(refusalLine(refusal).replace(/^\d: /, ''));
  }
}

/**
 * Makes sure, before a worker starts, that its login reaches a record it can work on: a durable, writable database of this
 * release's schema, and that figures come from where they may. Throws a `PreflightFailed` that names the first thing wrong, or what
 * PostgreSQL itself says.
 */
export async function preflight(databaseUrl: string, prometheus?: PrometheusConfig): Promise<void> {
  const pool = openPool(databaseUrl, 'gatehouse preflight', { max: 1 });
  try {
    const schema = await schemaCheck(pool);
    const checks = [...(await databaseChecks(pool)), schema, ...(schema.ok ? [await workerCheck(pool)] : [])];
    const wrong = checks.find(({ ok }) => ok === false);
    if (!wrong) return await mustBeAllowed(pool, prometheus);
    const { id, found, wants, next } = wrong;
    const what = `no worker can work on this record (${id})`;
    throw new PreflightFailed({ kind: 'away', what, given: found, allowed: wants, ...(next !== null && { next }) });
  } finally {
    await pool.end();
  }
}

async function mustBeAllowed(db: Db, prometheus: PrometheusConfig | undefined): Promise<void> {
  if (!prometheus) return;
  const { rows } = await db.query<{ environment: string }>('SELECT environment FROM installation');
  const refusal = prometheusRefused(prometheus, rows[0]?.environment ?? '');
  if (refusal) throw new PreflightFailed(refusal);
}
