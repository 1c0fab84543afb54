import type { Db } from '../../platform/pool.js';
import { QUARANTINE } from '../../platform/read/production.js';

/** A version's stage and why it is quarantined, under the model's lock; undefined when nobody registered it. */
export async function versionUnderLock(
  db: Db,
  { model, version }: { readonly model: string; readonly version: string },
): Promise<{ modelId: number; status: string; quarantine: string | null } | undefined> {
  await db.query('SELECT lock_model($1)', [model]);
  const { rows } = await db.query<{ modelId: number; status: string; quarantine: string | null }>(
    `SELECT v.model_id AS "modelId", v.status, ${QUARANTINE} AS quarantine
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  return rows[0];
}
