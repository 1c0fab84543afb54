import type { Db } from './pool.js';

/** A policy row as an attempt pins it. */
export interface PinnedPolicy {
  readonly seq: number;
  readonly digest: string;
  readonly relaxed: readonly string[];
}

/** The newest policy that holds for a model: its own, or the defaults; undefined when the record has neither. */
export async function newestPolicy(db: Db, model: string): Promise<PinnedPolicy | undefined> {
  const { rows } = await db.query<PinnedPolicy>(
    `SELECT seq, digest, relaxed FROM policy WHERE model IN ($1, '_defaults') ORDER BY model = $1 DESC, seq DESC LIMIT 1`,
    [model],
  );
  return rows[0];
}
