import type { Skip } from '../../../domain/attempt.js';
import { foldBreakGlass, SECOND_WITHIN_MS } from '../../../domain/break-glass.js';
import { glassDiffers, judgeBreakGlass } from '../../../domain/break-glass-act.js';
import { promotionWorkflowId } from '../../../domain/ids.js';
import { missing } from '../../../domain/lifecycle.js';
import { notRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import type { ApplyAct } from '../applied.js';
import { settle } from '../settle.js';
import { newestAttempt } from './attempt-act.js';

/** Takes one of the two signatures that skip a wait (rules §1): the first waits for the second, which completes it. */
export const breakGlass: ApplyAct = async (tx, { hash, payload, person, at }) => {
  const named = `${String(payload['model'])}/${String(payload['version'])}`;
  const promotionId = await newestAttempt(tx, String(payload['model']), String(payload['version']));
  if (promotionId === undefined) return { subject: named, refusal: notRegistered(named) };
  if (promotionId === null) {
    const what = 'break-glass is for a version in staging';
    return { subject: named, refusal: { kind: 'conflict', what, given: `${named} has no attempt`, next: 'gatehouse promote' } };
  }
  const { attempt, notices } = await settle(tx, promotionId);
  const [skip, reason] = [payload['skip'] as Skip, String(payload['reason'])];
  const differing = attempt.state === 'staging' ? glassDiffers(payload, attempt) : undefined;
  const refusal = differing ?? judgeBreakGlass(attempt, person, skip);
  if (refusal) return { subject: promotionId, refusal, notices };
  const first = foldBreakGlass(attempt).proposed.find((each) => each.skip === skip);
  await tx.query(
    `INSERT INTO break_glass (envelope, promotion_id, round, skip, person, reason, completes, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [hash, promotionId, attempt.round, skip, person.email, reason, first?.id ?? null, at],
  );
  const action = first ? 'break-glass.completed' : 'break-glass.proposed';
  const detail = { skip, round: attempt.round, reason, envelope: hash, ...(first && { completes: first.id }) };
  await appendAudit(tx, { action, actor: person.email, subject: promotionId, detail });
  const result = {
    promotionId,
    workflowId: promotionWorkflowId(promotionId),
    state: attempt.state,
    skip,
    by: [...(first ? [first.person] : []), person.email],
    secondUntil: first ? null : new Date(Date.parse(at) + SECOND_WITHIN_MS).toISOString(),
    missing: missing(attempt),
  };
  return { subject: promotionId, result, settle: promotionId, nudge: [promotionId], notices };
};
