import type pg from 'pg';
import type { Deps } from '../../activities/registry/deps.js';
import type { Tx } from '../../platform/pool.js';
import type { World } from './world.js';

/** What a transaction inside the rehearsal's own says instead; what is checked at a commit is checked there as well. */
const INSTEAD: Readonly<Record<string, string>> = {
  BEGIN: 'SET CONSTRAINTS ALL DEFERRED; SAVEPOINT rehearsed',
  COMMIT: 'SET CONSTRAINTS ALL IMMEDIATE',
  ROLLBACK: 'ROLLBACK TO SAVEPOINT rehearsed',
};

/** Runs `work` on the real record in one transaction that is rolled back, so that every rehearsal begins with the same record. */
export async function rehearse<T>({ db, deps }: World, work: (deps: Deps, tx: Tx) => Promise<T>): Promise<T> {
  const tx = await db.worker.connect();
  const query = (text: string, values?: unknown[]) => tx.query(INSTEAD[text] ?? text, values);
  const inside = { query, release: () => undefined };
  const pool = { query, connect: () => Promise.resolve(inside) } as unknown as pg.Pool;
  try {
    await tx.query('BEGIN');
    return await work({ ...deps, pool }, tx);
  } finally {
    await tx.query('ROLLBACK');
    tx.release();
  }
}
