import type { Policy } from '../../domain/policy.js';
import { recordedPolicy } from '../../domain/policy-sections.js';
import type { Db } from '../../platform/pool.js';

/** The policy that a version's newest attempt has pinned, or the model's newest where it has none. */
export async function pinnedPolicy(db: Db, model: string, version: string): Promise<Policy> {
  const { rows } = await db.query<{ effective: string }>(
    `SELECT effective FROM (
       SELECT pol.effective, 0 AS rank, p.attempt AS newest FROM promotion p JOIN model_registry m ON m.id = p.model_id
         JOIN policy pol ON pol.seq = p.policy_seq WHERE m.name = $1 AND p.version = $2
       UNION ALL
       SELECT effective, CASE WHEN model = $1 THEN 1 ELSE 2 END, seq FROM policy WHERE model IN ($1, '_defaults')
     ) AS known ORDER BY rank, newest DESC LIMIT 1`,
    [model, version],
  );
  const row = rows[0];
  if (!row) throw new Error(`no policy for ${model}`);
  return recordedPolicy(row.effective);
}
