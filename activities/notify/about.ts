import type { Db } from '../../platform/pool.js';
import type { About } from '../../platform/message/links.js';

interface Row {
  readonly model: string;
  readonly version: string | null;
  readonly promotion_id: string | null;
  readonly change_key: string | null;
  readonly change_kind: string | null;
}

/** What a notice's subject is about, as the record has it: a promotion, a production change or a model; nothing where it is none of them. */
export async function aboutOf(db: Db, subject: string): Promise<About> {
  const { rows } = await db.query<Row>(
    `SELECT m.name AS model, p.version, p.id AS promotion_id, NULL AS change_key, NULL AS change_kind
       FROM promotion p JOIN model_registry m ON m.id = p.model_id WHERE p.id = $1
     UNION ALL
     SELECT m.name, coalesce(c.to_version, c.from_version), c.promotion_id, c.key, c.kind
       FROM production_change c JOIN model_registry m ON m.id = c.model_id WHERE c.key = $1
     UNION ALL
     SELECT name, NULL, NULL, NULL, NULL FROM model_registry WHERE name = $1
     LIMIT 1`,
    [subject],
  );
  const row = rows[0];
  if (!row) return { promotionId: null, change: null };
  const { model, version, promotion_id: promotionId, change_key: key, change_kind: kind } = row;
  const isByHand = key !== null && kind !== null && kind !== 'promotion';
  return { model, ...(version !== null && { version }), promotionId, change: isByHand ? { key, kind } : null };
}
