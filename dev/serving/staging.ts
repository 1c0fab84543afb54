import type { Db } from '../../platform/pool.js';

/** The versions of a model that are in staging, oldest first. */
export async function inStaging(db: Db, model: string): Promise<string[]> {
  const { rows } = await db.query<{ version: string }>(
    `SELECT v.version FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
      WHERE m.name = $1 AND v.status = 'staging' ORDER BY v.staged_at, v.version`,
    [model],
  );
  return rows.map(({ version }) => version);
}
