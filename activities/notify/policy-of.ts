import type { Policy } from '../../domain/policy.js';
import { DEFAULTS } from '../../domain/rights.js';
import { policyFor } from '../../platform/policy-for.js';
import type { Db } from '../../platform/pool.js';

/** The policy that says whom a notice reaches: of its version, else of its model, else the defaults; undefined where there is none. */
export function policyOf(
  db: Db,
  { model, version }: { readonly model: string | null; readonly version: string | null },
): Promise<Policy | undefined> {
  return policyFor(db, { model: model ?? DEFAULTS, version });
}
