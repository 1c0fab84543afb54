import type { Attempt } from '../../domain/attempt.js';
import { GATEHOUSE } from '../../domain/audit.js';
import type { NewRound } from '../../domain/rounds.js';
import { nextAuditBody } from '../../platform/audit.js';
import { printable } from '../../platform/files/quoted.js';
import type { Tx } from '../../platform/pool.js';

/** A package of thousands of damaged files is told of by the first of them; the checks of the new round name all. */
const WHAT_LENGTH = 500;

/** Opens a new round of an attempt, under the model's lock, with its audit event: the approvals so far are void and the checks run again. */
export async function openRound(tx: Tx, attempt: Attempt, { reason, what, evidence }: NewRound): Promise<void> {
  const { promotionId, model, version, round } = attempt;
  const body = await nextAuditBody(tx, {
    action: 'round.opened',
    actor: GATEHOUSE,
    subject: promotionId,
    detail: { from: round, to: round + 1, reason, what: brief(what), model, version, evidence },
  });
  await tx.query('SELECT open_round($1, $2, $3)', [promotionId, reason, body]);
}

/** In print, because a runtime's words hold names out of the model. */
function brief(what: string): string {
  return printable(what.length > WHAT_LENGTH ? `${what.slice(0, WHAT_LENGTH)}…` : what);
}
