import type { ChangeKind } from '../../domain/follow-ups.js';
import type { Db } from '../../platform/pool.js';

/** A production change on the record, and how far it is followed up. */
export interface MadeChange {
  readonly key: string;
  readonly kind: ChangeKind;
  readonly model: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly at: string;
  readonly promotionId: string | null;
  /** Until when the version that left production is kept. */
  readonly retentionUntil: string | null;
  /** What follows it, and what of that is done. */
  readonly followUps: readonly string[];
  readonly stepsDone: readonly string[];
}

/** The production change of a key; undefined when there is none. */
export async function changeMade(db: Db, key: string): Promise<MadeChange | undefined> {
  const { rows } = await db.query<MadeChange>(
    `SELECT c.key, c.kind, m.name AS model, c.from_version AS "from", c.to_version AS "to", c.at, c.promotion_id AS "promotionId",
            v.retention_until AS "retentionUntil", c.follow_ups AS "followUps",
            coalesce((SELECT array_agg(f.step) FROM follow_up f WHERE f.change_key = c.key), '{}') AS "stepsDone"
       FROM production_change c JOIN model_registry m ON m.id = c.model_id
       LEFT JOIN model_version_detail v ON v.model_id = c.model_id AND v.version = c.from_version WHERE c.key = $1`,
    [key],
  );
  return rows[0];
}

/** The version in production of a model, whichever it is. */
export async function productionOf(db: Db, model: string): Promise<{ version: string; artifactDigest: string } | undefined> {
  const { rows } = await db.query<{ version: string; artifactDigest: string }>(
    `SELECT v.version, v.artifact_digest AS "artifactDigest" FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
      WHERE m.name = $1 AND v.status = 'production'`,
    [model],
  );
  return rows[0];
}
