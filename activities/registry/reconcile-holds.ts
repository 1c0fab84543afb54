import { applyEnvelope } from './apply.js';
import type { Deps } from './deps.js';
import { holdsNotOnRecord, keepHoldsServed } from './spooled-holds.js';

/**
 * Brings record and serving directory together: what was held while the record was away is judged as any act is, accepted or
 * refused, and what is held on the record is where the serving side reads it. Safe to repeat.
 */
export async function reconcileHolds(deps: Deps): Promise<void> {
  const failed: unknown[] = [];
  for (const envelope of await holdsNotOnRecord(deps, deps.pool)) {
    try {
      const { hash, refusal } = await applyEnvelope(deps, envelope);
      const came = refusal ? `a spooled hold is refused: ${refusal.what}` : 'a spooled hold is on the record';
      deps.log(refusal ? 'warn' : 'info', came, { envelope: hash });
    } catch (error) {
      // One that cannot be judged keeps no other from it.
      failed.push(error);
    }
  }
  await keepHoldsServed(deps, deps.pool);
  if (failed.length > 0) throw failed[0];
}
