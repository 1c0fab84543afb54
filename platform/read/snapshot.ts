import type pg from 'pg';
import { inTransaction, type Db } from '../pool.js';

/** Runs `work` on one moment of the record: all it reads belongs together, and it can write nothing. */
export async function inSnapshot<T>(pool: pg.Pool, work: (db: Db) => Promise<T>): Promise<T> {
  return await inTransaction(pool, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await work(tx);
  });
}
