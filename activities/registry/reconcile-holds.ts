import { databaseNow } from '../../platform/audit.js';
import { applyEnvelope } from './apply.js';
import type { Deps } from './deps.js';
import { holdsNotOnRecord, keepHoldsServed, signedAt } from './spooled-holds.js';

/** By how much a clock may be ahead of the database's before what it signed is refused. */
const CLOCKS_DIFFER_MS = 5 * 60_000;

/**
 * Brings record and serving directory together: what was held while the record was away is judged as any act is, accepted or
 * refused, and what is held on the record is where the serving side reads it. Safe to repeat.
 */
export async function reconcileHolds(deps: Deps): Promise<void> {
  const now = await databaseNow(deps.pool);
  for (const envelope of await holdsNotOnRecord(deps, deps.pool)) {
    const aheadMs = Date.parse(signedAt(envelope) ?? now) - Date.parse(now);
    // Signed by a clock that is a little ahead: it would be refused now, and is due soon.
    if (aheadMs > 0 && aheadMs <= CLOCKS_DIFFER_MS) continue;
    const { hash, refusal } = await applyEnvelope(deps, envelope);
    const came = refusal ? `a spooled hold is refused: ${refusal.what}` : 'a spooled hold is on the record';
    deps.log(refusal ? 'warn' : 'info', came, { envelope: hash });
  }
  await keepHoldsServed(deps, deps.pool);
}
