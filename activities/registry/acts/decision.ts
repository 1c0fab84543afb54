import type { Decision } from '../../../domain/acts.js';
import type { Attempt } from '../../../domain/attempt.js';
import type { AuditAction } from '../../../domain/audit.js';
import { judgeDecision } from '../../../domain/gates.js';
import type { Gate } from '../../../domain/policy.js';
import type { Refusal } from '../../../domain/refusal.js';
import { differingField } from '../../../domain/statement.js';
import { progressOf } from '../../../domain/view.js';
import { appendAudit } from '../../../platform/audit.js';
import type { ApplyAct } from '../applied.js';
import { lockAttempt } from '../settle.js';

const ACTIONS: Readonly<Record<Decision, AuditAction>> = {
  approve: 'decision.approved',
  reject: 'decision.rejected',
  retract: 'decision.retracted',
};

/** Takes one signed decision on a gate: every bound field is compared with the record, then the rules of gates judge it. */
export const decideOn: ApplyAct = async (tx, { hash, payload, person, at, toRun }) => {
  const promotionId = String(payload['promotion']);
  if (toRun !== null && toRun !== promotionId) return { subject: toRun, refusal: differs('promotion', promotionId, toRun) };
  const exists = await tx.query('SELECT 1 FROM promotion WHERE id = $1', [promotionId]);
  if (exists.rows.length === 0) return { refusal: differs('promotion', promotionId, 'a promotion on the record') };
  const subject = promotionId;
  const attempt = await lockAttempt(tx, promotionId);
  const differing = differingField(payload, attempt);
  if (differing && attempt.state === 'staging')
    return { subject, refusal: differs(differing.field, differing.signed, differing.record) };
  const asked = { gate: payload['gate'] as Gate, decision: payload['decision'] as Decision, comment: String(payload['comment']) };
  const refusal = judgeDecision(attempt, person, asked) ?? lastsTooLong(attempt, String(payload['expires']));
  if (refusal) return { subject, refusal };
  await tx.query(
    `INSERT INTO decision (envelope, promotion_id, round, gate, decision, person, comment, received_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [hash, promotionId, attempt.round, asked.gate, asked.decision, person.email, asked.comment, at],
  );
  const detail = {
    gate: asked.gate,
    round: attempt.round,
    meaning: String(payload['meaning']),
    comment: asked.comment,
    envelope: hash,
  };
  await appendAudit(tx, { action: ACTIONS[asked.decision], actor: person.email, subject, detail });
  const result = { decisionId: hash, promotionId, gate: asked.gate };
  return { subject, result, settle: promotionId, nudge: toRun === null ? [promotionId] : [] };
};

/** A decision may be received until the soak maximum as it is when it is judged, and not be signed for longer. */
function lastsTooLong(attempt: Attempt, expires: string): Refusal | undefined {
  const latest = progressOf(attempt).decideUntil;
  return latest === null || expires <= latest ? undefined : differs('expires', expires, `at most ${latest}, the soak maximum`);
}

function differs(field: string, signed: string, record: string): Refusal {
  return { kind: 'identity', what: field, given: signed, allowed: record, next: 'read the statement again and sign that' };
}
