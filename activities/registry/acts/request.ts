import { promotionId, promotionWorkflowId } from '../../../domain/ids.js';
import { nextStages, notRegistered, requestRefusal } from '../../../domain/stages.js';
import type { Stage } from '../../../domain/progress.js';
import { appendAudit } from '../../../platform/audit.js';
import type { Tx } from '../../../platform/pool.js';
import type { ApplyAct } from '../applied.js';
import { newestPolicy } from '../../../platform/newest-policy.js';
import { QUARANTINE } from '../../../platform/read/production.js';
import { changeStage } from '../settle.js';

interface VersionRow {
  status: Stage;
  since: string;
  attempt: number;
  open: string | null;
  quarantine: string | null;
}

/** Asks for a promotion to staging: mints the attempt, pins the newest policy, starts the checks. */
export const requestPromotion: ApplyAct = async (tx, { hash, payload, person, at }) => {
  const model = String(payload['model']);
  const version = String(payload['version']);
  const subject = `${model}/${version}`;
  const locked = await tx.query<{ id: number | null }>('SELECT lock_model($1) AS id', [model]);
  const modelId = locked.rows[0]?.id ?? null;
  const known = modelId === null ? undefined : await versionOf(tx, modelId, version);
  if (modelId === null || !known) {
    return { subject, refusal: notRegistered(subject) };
  }
  const asked = { from: String(payload['from_stage']), to: String(payload['to_stage']) };
  const refusal = requestRefusal(asked, {
    status: known.status,
    since: known.since,
    openPromotion: known.open,
    quarantine: known.quarantine,
  });
  if (refusal) return { subject, refusal };
  const policy = await newestPolicy(tx, model);
  if (!policy) return { subject, refusal: { kind: 'rule', what: 'no policy on the record', next: 'gatehouse policy register' } };
  if (policy.relaxed.length > 0 && payload['environment'] === 'production') {
    const given = policy.relaxed.join(', ');
    return {
      subject,
      refusal: {
        kind: 'rule',
        what: 'the policy on the record is looser than the guidelines',
        given,
        allowed: 'the guidelines or stricter where the environment is production',
        next: 'register a stricter policy',
      },
    };
  }
  const attempt = known.attempt + 1;
  const id = promotionId({ model, version }, attempt);
  await tx.query(
    `INSERT INTO promotion (id, model_id, version, attempt, policy_seq, requested_by, requested_at, envelope)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, modelId, version, attempt, policy.seq, person.email, at, hash],
  );
  const detail = { model, version, attempt, policy: policy.digest, relaxed: policy.relaxed, envelope: hash };
  await appendAudit(tx, { action: 'promotion.requested', actor: person.email, subject: id, detail });
  const change = { from: known.status, to: 'validating', reason: 'promotion requested', model, version, round: 1 } as const;
  await changeStage(tx, { ...change, promotionId: id, actor: person.email, detail: change });
  const result = {
    promotionId: id,
    workflowId: promotionWorkflowId(id),
    state: 'validating',
    policyDigest: policy.digest,
    relaxed: policy.relaxed,
  };
  return { subject: id, result: { ...result, allowedNext: nextStages('validating') }, ensureRun: id };
};

async function versionOf(tx: Tx, modelId: number, version: string): Promise<VersionRow | undefined> {
  const { rows } = await tx.query<VersionRow>(
    `SELECT v.status,
            CASE v.status WHEN 'production' THEN v.promoted_at WHEN 'archived' THEN v.deprecated_at WHEN 'registered' THEN v.registered_at
              ELSE max(CASE v.status WHEN 'staging' THEN p.staged_at WHEN 'validating' THEN p.requested_at ELSE p.ended_at END) END AS since,
            coalesce(max(p.attempt), 0) AS attempt,
            max(p.id) FILTER (WHERE p.state IN ('validating', 'staging', 'production')) AS open,
            ${QUARANTINE} AS quarantine
       FROM model_version_detail v LEFT JOIN promotion p ON p.model_id = v.model_id AND p.version = v.version
      WHERE v.model_id = $1 AND v.version = $2 GROUP BY v.model_id, v.version`,
    [modelId, version],
  );
  return rows[0];
}
