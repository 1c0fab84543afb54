import type { Db } from '../../pool.js';

const ROWS_AT_ONCE = 1_000;

/** All rows of a query in batches, so that no table has to fit into memory; one scan at a time, within a transaction. */
export async function* scan<Row extends object>(db: Db, select: string): AsyncGenerator<Row[]> {
  await db.query(`DECLARE scan NO SCROLL CURSOR FOR ${select}`);
  try {
    for (;;) {
      const { rows } = await db.query<Row>(`FETCH ${ROWS_AT_ONCE} FROM scan`);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    // A failed query has closed it already, and its own failure is the one to be heard of.
    await db.query('CLOSE scan').catch(() => undefined);
  }
}
