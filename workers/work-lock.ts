import type { Tx } from '../platform/pool.js';

/**
 * Waits for the only right to do a piece of work, until the end of the transaction; taken before every other lock.
 * It is a row that readers may not lock, where every login may take any advisory lock there is.
 */
export async function lockWork(tx: Tx, name: string): Promise<void> {
  await tx.query('INSERT INTO work_lock (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
  await tx.query('SELECT FROM work_lock WHERE name = $1 FOR UPDATE', [name]);
}

/** The same for work that one worker does for all: false when another has it. */
export async function tryLockWork(tx: Tx, name: string): Promise<boolean> {
  const { rowCount } = await tx.query('SELECT FROM work_lock WHERE name = $1 FOR UPDATE SKIP LOCKED', [name]);
  return rowCount === 1;
}
