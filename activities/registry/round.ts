import type { Attempt } from '../../domain/attempt.js';
import { GATEHOUSE } from '../../domain/audit.js';
import type { NewRound } from '../../domain/rounds.js';
import { nextAuditBody } from '../../platform/audit.js';
import { printable } from '../../platform/files/quoted.js';
import type { Tx } from '../../platform/pool.js';

/** Opens a new round of an attempt, under the model's lock, with its audit event: the approvals so far are void and the checks run again. */
export async function openRound(tx: Tx, attempt: Attempt, { reason, what, evidence }: NewRound): Promise<void> {
  const { promotionId, model, version, round } = attempt;
  const body = await nextAuditBody(tx, {
    action: 'round.opened',
    actor: GATEHOUSE,
    subject: promotionId,
    // A runtime's words hold names out of the model.
    detail: { from: round, to: round + 1, reason, what: printable(what), model, version, evidence },
  });
  await tx.query('SELECT open_round($1, $2, $3)', [promotionId, reason, body]);
}
