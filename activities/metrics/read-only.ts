import type pg from 'pg';
import { known, unknown, type Reading } from '../../domain/live.js';
import { loggable } from '../failures.js';

/** How long the database may take over one statement; the worker itself waits a little longer, for a database that says nothing. */
const STATEMENT_MS = 5_000;
const ANSWERED_WITHIN_MS = 7_000;

/** What `work` reads of a database in one transaction that changes nothing, or that `name` is away; throws when cancelled. */
export async function readOnly<T>(
  { pool, name, signal }: { readonly pool: pg.Pool; readonly name: string; readonly signal: AbortSignal },
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<Reading<T>> {
  signal.throwIfAborted();
  const late = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  try {
    return known(await inOneOf(pool, AbortSignal.any([signal, late]), work));
  } catch (error) {
    signal.throwIfAborted();
    return unknown('source away', `${name} does not answer (${late.aborted ? 'timeout' : loggable(error).error})`);
  }
}

async function inOneOf<T>(pool: pg.Pool, ended: AbortSignal, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isOurs = true;
  const giveBack = (broken: boolean) => {
    if (isOurs) client.release(broken);
    isOurs = false;
  };
  // A statement that is under way ends with its connection.
  const drop = () => giveBack(true);
  ended.addEventListener('abort', drop, { once: true });
  try {
    ended.throwIfAborted();
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${STATEMENT_MS}`);
    const read = await work(client);
    await client.query('COMMIT');
    giveBack(false);
    return read;
  } finally {
    drop();
    ended.removeEventListener('abort', drop);
  }
}
