import type { FormerProduction, RollbackSituation } from '../../domain/rollback.js';
import type { Db } from '../pool.js';

/** SQL: why a version is quarantined, null when it is not; of the version table under the alias `v`. */
export const QUARANTINE = `(SELECT CASE WHEN q.quarantined THEN q.reason END FROM quarantine q
  WHERE q.model_id = v.model_id AND q.version = v.version ORDER BY q.seq DESC LIMIT 1)`;

/** What is in production of a model, and every version that was there before, the last one first. */
export async function readSituation(db: Db, model: string): Promise<RollbackSituation> {
  const { rows } = await db.query<FormerProduction>(
    `SELECT v.version, v.status, ${QUARANTINE} AS quarantine FROM model_version_detail v
       JOIN model_registry m ON m.id = v.model_id
       JOIN (SELECT model_id, to_version, max(seq) AS last FROM production_change GROUP BY model_id, to_version) c
         ON c.model_id = v.model_id AND c.to_version = v.version
      WHERE m.name = $1 ORDER BY c.last DESC`,
    [model],
  );
  return { production: rows.find(({ status }) => status === 'production')?.version ?? null, former: rows };
}
