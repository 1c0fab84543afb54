import { GATEHOUSE } from '../../domain/audit.js';
import { nextAuditBody } from '../../platform/audit.js';
import { pinnedPolicy } from '../registry/pinned.js';
import { stepTaken, type Step } from './step.js';

/** Guidelines, Post-Promotion Tasks: "Schedule performance review": a review is opened that a group owes by a day. */
export const scheduleReview: Step =
  async (_deps, { model, to, promotionId, at }) =>
  async (tx) => {
    const step = 'performance-review';
    if (promotionId === null || to === null) return stepTaken(step, 'skipped', { why: 'no attempt made this change' });
    const { reviews, reminders } = await pinnedPolicy(tx, model, to);
    const dueAt = new Date(Date.parse(at) + reviews.performance).toISOString();
    const detail = {
      review: `performance/${promotionId}`,
      kind: 'performance',
      owner: reminders.escalation,
      dueAt,
      envelopes: [],
    };
    const body = await nextAuditBody(tx, { action: 'review.opened', actor: GATEHOUSE, subject: promotionId, detail });
    await tx.query('SELECT open_performance_review($1, $2)', [promotionId, body]);
    return stepTaken(step, 'done', { review: detail.review, owner: detail.owner, dueAt });
  };
