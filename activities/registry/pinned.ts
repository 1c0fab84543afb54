import type { Policy } from '../../domain/policy.js';
import { policyFor } from '../../platform/policy-for.js';
import type { Db } from '../../platform/pool.js';

/** The policy that a version's newest attempt has pinned, or the model's newest where it has none. */
export async function pinnedPolicy(db: Db, model: string, version: string): Promise<Policy> {
  const policy = await policyFor(db, { model, version });
  if (!policy) throw new Error(`no policy for ${model}`);
  return policy;
}
