import { judgeAttemptAct, type AskedAct, type AttemptAct } from '../../../domain/attempt-acts.js';
import type { Attempt } from '../../../domain/attempt.js';
import type { AuditEntry } from '../../../domain/audit.js';
import { promotionWorkflowId } from '../../../domain/ids.js';
import { notRegistered } from '../../../domain/stages.js';
import { appendAudit, nextAuditBody } from '../../../platform/audit.js';
import type { Tx } from '../../../platform/pool.js';
import type { Applied, ApplyAct, SignedAct } from '../applied.js';
import { newestPolicy } from '../../../platform/newest-policy.js';
import { changeStage, settle } from '../settle.js';

interface Effect {
  readonly attempt: Attempt;
  readonly signed: SignedAct;
  readonly reason: string;
  readonly asked: AskedAct;
}

/** What each act does once it is judged; each writes its audit event in the same transaction. */
const DO: Readonly<Record<AttemptAct, (tx: Tx, effect: Effect) => Promise<void>>> = {
  extend: (tx, effect) => onSoak(tx, effect, 'extend', 'soak.extended'),
  pause: (tx, effect) => onSoak(tx, effect, 'pause', 'soak.paused'),
  resume: (tx, effect) => onSoak(tx, effect, 'resume', 'soak.resumed'),
  async withdraw(tx, { attempt, signed, reason }) {
    const { promotionId, model, version, round } = attempt;
    const detail = { from: 'staging', to: 'withdrawn', reason, model, version, round, envelope: signed.hash };
    const said = `withdrawn by ${signed.person.email}: ${reason}`;
    await changeStage(tx, { promotionId, from: 'staging', to: 'withdrawn', reason: said, actor: signed.person.email, detail });
  },
  async repin(tx, { attempt, signed, reason }) {
    const { promotionId, model, policyDigest: from } = attempt;
    const policy = await newestPolicy(tx, model);
    if (!policy) throw new Error(`no policy for ${model}`);
    const detail = { from, to: policy.digest, reason, relaxed: policy.relaxed, round: attempt.round + 1, envelope: signed.hash };
    const body = await nextAuditBody(tx, {
      action: 'promotion.repinned',
      actor: signed.person.email,
      subject: promotionId,
      detail,
    });
    await tx.query('SELECT repin($1, $2, $3, $4, $5)', [promotionId, policy.seq, from, policy.digest, body]);
  },
};

async function onSoak(
  tx: Tx,
  { attempt, signed, reason, asked }: Effect,
  kind: 'extend' | 'pause' | 'resume',
  action: AuditEntry['action'],
): Promise<void> {
  const byMs = kind === 'extend' ? (asked.byMs ?? 0) : null;
  await tx.query(
    `INSERT INTO soak_act (envelope, promotion_id, kind, by_ms, person, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [signed.hash, attempt.promotionId, kind, byMs, signed.person.email, reason, new Date(attempt.now).toISOString()],
  );
  const detail = { reason, by_ms: byMs, envelope: signed.hash };
  await appendAudit(tx, { action, actor: signed.person.email, subject: attempt.promotionId, detail });
}

/** Applies an act of a person on an attempt in staging: settles it first, so that it is judged as it stands now. */
export function attemptAct(act: AttemptAct): ApplyAct {
  return async (tx, signed): Promise<Applied> => {
    const { payload, person } = signed;
    const named = `${String(payload['model'])}/${String(payload['version'])}`;
    const promotionId = await newestAttempt(tx, String(payload['model']), String(payload['version']));
    if (promotionId === undefined) return { subject: named, refusal: notRegistered(named) };
    if (promotionId === null) {
      const what = `${act} is for a version in staging`;
      return { subject: named, refusal: { kind: 'conflict', what, given: `${named} has no attempt`, next: 'gatehouse promote' } };
    }
    const { attempt, notices } = await settle(tx, promotionId);
    const asked = await askedOf(tx, act, signed, attempt);
    const refusal = judgeAttemptAct(act, attempt, person, asked);
    if (refusal) return { subject: promotionId, refusal, notices };
    await DO[act](tx, { attempt, signed, reason: String(payload['reason']), asked });
    const result = {
      promotionId,
      workflowId: promotionWorkflowId(promotionId),
      state: act === 'withdraw' ? 'withdrawn' : 'staging',
    };
    return { subject: promotionId, result, settle: promotionId, nudge: [promotionId], notices };
  };
}

async function askedOf(tx: Tx, act: AttemptAct, { payload }: SignedAct, { model }: Attempt): Promise<AskedAct> {
  const promotion = String(payload['promotion']);
  if (act === 'extend') return { promotion, byMs: Number(payload['by_ms']) };
  if (act !== 'repin') return { promotion };
  const newest = await newestPolicy(tx, model);
  const signed = String(payload['policy_digest']);
  return { promotion, ...(newest && { policy: { signed, newest: newest.digest, relaxed: newest.relaxed } }) };
}

/** The newest attempt of a version: null when it has none, undefined when nobody registered it. */
export async function newestAttempt(tx: Tx, model: string, version: string): Promise<string | null | undefined> {
  const { rows } = await tx.query<{ id: string | null }>(
    `SELECT (SELECT p.id FROM promotion p WHERE p.model_id = v.model_id AND p.version = v.version ORDER BY p.attempt DESC LIMIT 1) AS id
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id WHERE m.name = $1 AND v.version = $2`,
    [model, version],
  );
  return rows[0]?.id;
}
