import type { Db } from './pool.js';

/** The answer that an envelope was given when it was received, as JSON text; undefined when it never was. */
export async function keptAnswer(db: Db, hash: string): Promise<string | undefined> {
  const { rows } = await db.query<{ answer: string }>(
    'SELECT answer FROM envelope WHERE hash = $1 UNION ALL SELECT answer FROM refusal_counted WHERE hash = $1',
    [hash],
  );
  return rows[0]?.answer;
}
