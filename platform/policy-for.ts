import type { Policy } from '../domain/policy.js';
import { recordedPolicy } from '../domain/policy-sections.js';
import { DEFAULTS, FIRST_RIGHTS, type JudgedBy, type RightsTable } from '../domain/rights.js';
import type { Db } from './pool.js';

/**
 * The policy that a version's newest attempt has pinned; without one, or without a version, the newest of the model, or else of
 * the defaults. Undefined where nobody registered any. `before` is the envelope of a policy that does not count yet.
 */
export async function policyFor(db: Db, { model, version }: JudgedBy, before: string | null = null): Promise<Policy | undefined> {
  const { rows } = await db.query<{ effective: string }>(
    `SELECT effective FROM (
       SELECT pol.effective, 0 AS rank, p.attempt AS newest FROM promotion p JOIN model_registry m ON m.id = p.model_id
         JOIN policy pol ON pol.seq = p.policy_seq WHERE m.name = $1 AND p.version = $2
       UNION ALL
       SELECT effective, CASE WHEN model = $1 THEN 1 ELSE 2 END, seq FROM policy
        WHERE model IN ($1, '_defaults') AND envelope IS DISTINCT FROM $3
     ) AS known ORDER BY rank, newest DESC LIMIT 1`,
    [model, version, before],
  );
  return rows[0] && recordedPolicy(rows[0].effective);
}

/** The table of rights for what is about no single model. */
export async function defaultRights(db: Db): Promise<RightsTable> {
  const policy = await policyFor(db, { model: DEFAULTS, version: null });
  return policy?.rights ?? FIRST_RIGHTS;
}
