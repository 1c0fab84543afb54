import type { Attempt } from '../../../domain/attempt.js';
import { promotionWorkflowId } from '../../../domain/ids.js';
import { isHeld, isReady, missing } from '../../../domain/lifecycle.js';
import { notRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import type { ApplyAct } from '../applied.js';
import { settle } from '../settle.js';

/** Asks for production now: if only the re-checks stand before it they run at once, or else it lists what is missing. */
export const promoteNow: ApplyAct = async (tx, { hash, payload, person }) => {
  const model = String(payload['model']);
  const version = String(payload['version']);
  const { rows } = await tx.query<{ status: string; since: string | null; open: string | null }>(
    `SELECT v.status, coalesce(v.promoted_at, v.registered_at) AS since,
            (SELECT p.id FROM promotion p WHERE p.model_id = v.model_id AND p.version = v.version
              AND p.state IN ('validating', 'staging', 'production')) AS open
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  const found = rows[0];
  const subject = found?.open ?? `${model}/${version}`;
  if (!found) return { subject, refusal: notRegistered(subject) };
  if (found.status === 'production') {
    return { subject, refusal: { kind: 'conflict', what: `already production since ${found.since}`, next: 'nothing to do' } };
  }
  if (
    found.open === null ||
    found.status !== 'staging' ||
    payload['promotion'] !== found.open ||
    payload['from_stage'] !== 'staging'
  ) {
    return {
      subject,
      refusal: {
        kind: 'conflict',
        what: 'from-stage',
        given: String(payload['from_stage']),
        allowed: found.status,
        next: 'see gatehouse status',
      },
    };
  }
  const { attempt, notices } = await settle(tx, found.open);
  if (attempt.state !== 'staging')
    return {
      subject,
      notices,
      refusal: {
        kind: 'rule',
        what: `the attempt is ${attempt.state}: ${attempt.endReason ?? ''}`,
        next: 'ask for a new attempt',
      },
    };
  // Where the request no longer stands this act takes its place.
  const asked: Attempt = { ...attempt, askedBy: [{ act: 'promote', person: person.email, stands: true }] };
  if (!isReady(asked) || isHeld(asked)) {
    return {
      subject,
      notices,
      refusal: {
        kind: 'rule',
        what: `not ready, missing: ${missing(asked).join(', ')}`,
        allowed: 'every condition met',
        next: 'see gatehouse check',
      },
    };
  }
  // The time under the lock: a re-check that began before it is no answer to this.
  const askedAt = new Date(attempt.now).toISOString();
  await tx.query('UPDATE promotion SET asked_at = $2 WHERE id = $1', [found.open, askedAt]);
  await appendAudit(tx, { action: 'promotion.asked', actor: person.email, subject, detail: { envelope: hash } });
  const result = { promotionId: found.open, workflowId: promotionWorkflowId(found.open), state: attempt.state, askedAt };
  return { subject, result, nudge: [found.open], notices };
};
