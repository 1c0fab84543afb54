import pg from 'pg';

const TIMESTAMPTZ = 1184;
const INT8 = 20;

const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === TIMESTAMPTZ) return (text: string) => new Date(text).toISOString();
    if (oid === INT8) return Number;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

/** Anything a query can be sent to: a pool, or the client of one transaction. */
export type Db = Pick<pg.Pool, 'query'>;
/** The client of one open transaction. */
export type Tx = pg.PoolClient;

/**
 * A pool on the record. Times come back as ISO text in milliseconds, whole numbers as numbers;
 * a server that does not answer fails within `connectTimeoutMs`.
 */
export function openPool(url: string, name: string, { max = 10, connectTimeoutMs = 5_000 } = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    // A peer that vanished without a word must not use up the pool for ever, nor a frozen worker keep its locks.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    query_timeout: 60_000,
    options:
      '-c timezone=UTC -c search_path=public -c synchronous_commit=on -c lock_timeout=30s -c idle_in_transaction_session_timeout=120s',
    types,
  });
  // A connection that breaks while idle is replaced at the next query, which reports its own failure.
  pool.on('error', () => undefined);
  // So is one that breaks between two statements of a transaction: the next statement reports it.
  pool.on('connect', (client) => void client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('BEGIN');
    const result = await work(tx);
    await tx.query('COMMIT');
    return result;
  } catch (error) {
    await tx.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    tx.release(broken);
  }
}
