import type { Attempt, GlassSignature } from '../../domain/attempt.js';
import { GATEHOUSE } from '../../domain/audit.js';
import type { Notice } from '../../domain/notice.js';
import { appendAudit } from '../../platform/audit.js';
import type { Tx } from '../../platform/pool.js';

interface Opened {
  readonly id: string;
  readonly kind: string;
  readonly owner: string;
  readonly dueAt: string;
  readonly envelopes: string[];
}

/** Puts the review on the trail that a break-glass made due with its production change, and answers whom to tell of it. */
export async function openReview(tx: Tx, attempt: Attempt, signed: readonly GlassSignature[]): Promise<Notice> {
  const { promotionId, model, version } = attempt;
  const { rows } = await tx.query<Opened>(
    `SELECT id, kind, owner_group AS owner, due_at AS "dueAt", envelopes FROM review WHERE kind = 'break-glass' AND subject = $1`,
    [promotionId],
  );
  const review = rows[0];
  if (!review) throw new Error(`no review of the break-glass of ${promotionId}`);
  const { id, kind, owner, dueAt, envelopes } = review;
  const detail = { review: id, kind, owner, dueAt, envelopes };
  await appendAudit(tx, { action: 'review.opened', actor: GATEHOUSE, subject: promotionId, detail });
  const why = signed.map(({ person, reason, skip }) => `${person} (${skip}): ${reason}`).join('; ');
  return {
    key: `review/${id}/opened`,
    kind: 'review-opened',
    subject: promotionId,
    audience: ['stakeholders', owner],
    title: `${model} ${version} went into production by break-glass; a review by ${owner} is due ${dueAt}`,
    body: `A wait was skipped by ${why}. gatehouse history --model-name ${model} shows it.`,
  };
}
