import { type Attempt, type Recheck, checksOpen, type Round, type RoundReason } from '../domain/attempt.js';
import { CHECKS, evidenceBytes, type Finding } from '../domain/checks.js';
import { promotionChangeKey } from '../domain/ids.js';
import { recordedPolicy } from '../domain/policy-sections.js';
import type { Stage } from '../domain/progress.js';
import { askedByOf } from './asked-by.js';
import { decisionOf, decisionRows } from './decisions.js';
import { sha256 } from './digest.js';
import { breakGlassOf } from './break-glass.js';
import { openFreezes } from './freezes.js';
import type { Db } from './pool.js';
import { signersOf } from './signed-by.js';
import { soakOf } from './soak.js';

interface AttemptRow {
  now: string;
  installation: string;
  environment: string;
  id: string;
  model: string;
  version: string;
  state: Stage;
  round: number;
  round_at: string | null;
  requested_by: string;
  request: string;
  request_jws: string | null;
  request_at: string | null;
  registered_by: string;
  requesters: string[];
  artifact_digest: string;
  feature_hash: string;
  policy_digest: string;
  effective: string;
  relaxed: string[];
  staged_at: string | null;
  end_reason: string | null;
  asked_at: string | null;
  production: string | null;
  change_key: string | null;
  change_decisions: string[] | null;
  follow_ups: string[] | null;
  follow_ups_done: string[] | null;
  told: { key: string; at: string }[] | null;
}

const ATTEMPT = `
  SELECT gatehouse_now() AS now, i.id AS installation, i.environment, p.id, m.name AS model, p.version, p.state, p.round,
         p.requested_by, v.registered_by, v.artifact_digest, v.feature_hash, pol.digest AS policy_digest, pol.effective, pol.relaxed,
         p.staged_at, p.end_reason, p.asked_at, p.envelope AS request,
         r.jws AS request_jws, r.received_at AS request_at,
         (SELECT array_agg(DISTINCT r.requested_by) FROM promotion r WHERE r.model_id = p.model_id AND r.version = p.version) AS requesters,
         -- What the last change put there, also where its row was taken away by hand: nobody is promoted over a guess.
         coalesce((SELECT l.to_version FROM production_change l WHERE l.model_id = p.model_id ORDER BY l.seq DESC LIMIT 1),
           (SELECT s.version FROM model_version_detail s WHERE s.model_id = p.model_id AND s.status = 'production')) AS production,
         (SELECT min(r.at) FROM check_result r WHERE r.promotion_id = p.id AND r.round = p.round AND r.phase = 'validation') AS round_at,
         c.key AS change_key, c.decisions AS change_decisions,
         c.follow_ups, (SELECT array_agg(f.step) FROM follow_up f WHERE f.change_key = c.key) AS follow_ups_done,
         (SELECT json_agg(json_build_object('key', n.key, 'at', n.at) ORDER BY n.at) FROM notice n WHERE n.subject = p.id) AS told
    FROM promotion p
    JOIN model_registry m ON m.id = p.model_id
    JOIN model_version_detail v ON v.model_id = p.model_id AND v.version = p.version
    JOIN policy pol ON pol.seq = p.policy_seq
    LEFT JOIN envelope r ON r.hash = p.envelope
    LEFT JOIN production_change c ON c.key = $2
    CROSS JOIN installation i
   WHERE p.id = $1`;

/**
 * Everything the record says of one attempt, or undefined when there is none.
 * Decisions whose signature, author or statement no longer holds are marked as not standing: signatures are verified
 * here each time, so that nothing downstream can count a decision nobody signed.
 */
export async function loadAttempt(db: Db, promotionId: string): Promise<Attempt | undefined> {
  const { rows } = await db.query<AttemptRow>(ATTEMPT, [promotionId, promotionChangeKey(promotionId)]);
  const row = rows[0];
  if (!row) return undefined;
  const findings = await findingsOf(db, promotionId, row.round);
  const rounds = await roundsOf(db, promotionId);
  const told = row.told ?? [];
  const attempt: Attempt = {
    now: Date.parse(row.now),
    installation: { id: row.installation, environment: row.environment },
    promotionId: row.id,
    model: row.model,
    version: row.version,
    state: row.state,
    round: row.round,
    rounds,
    roundAt: row.round_at === null ? null : Date.parse(row.round_at),
    requestedBy: row.requested_by,
    askedBy: [],
    registeredBy: row.registered_by,
    barred: [row.registered_by, ...row.requesters],
    artifactDigest: row.artifact_digest,
    featureHash: row.feature_hash,
    policyDigest: row.policy_digest,
    policy: recordedPolicy(row.effective),
    relaxed: row.relaxed,
    stagedAt: row.staged_at === null ? null : Date.parse(row.staged_at),
    endReason: row.end_reason,
    askedAt: row.asked_at === null ? null : Date.parse(row.asked_at),
    findings,
    evidenceDigest: checksOpen({ findings }, CHECKS).length > 0 ? null : sha256(evidenceBytes(findings)),
    ...(await soakOf(db, promotionId, { stagedAt: row.staged_at, since: rounds.at(-1)?.at ?? 0 })),
    told: told.map(({ key }) => key),
    decisions: [],
    rechecks: await rechecksOf(db, promotionId, row.round),
    freezes: await openFreezes(db, row.model),
    breakGlass: [],
    production: row.production,
    change:
      row.change_key === null
        ? null
        : {
            key: row.change_key,
            decisions: row.change_decisions ?? [],
            followUps: row.follow_ups ?? [],
            followUpsDone: row.follow_ups_done ?? [],
          },
  };
  const decisions = await decisionRows(db, promotionId);
  const { request: envelope, request_jws: jws, request_at: receivedAt, requested_by: person } = row;
  const request = { envelope, jws: jws ?? '', person, received_at: receivedAt ?? '' };
  const signers = await signersOf(
    db,
    [request, ...decisions].map((signed) => signed.person),
  );
  return {
    ...attempt,
    breakGlass: await breakGlassOf(db, attempt),
    askedBy: await askedByOf(db, attempt, request, signers),
    decisions: await Promise.all(decisions.map((decision) => decisionOf(decision, attempt, { signers, told }))),
  };
}

async function roundsOf(db: Db, promotionId: string): Promise<Round[]> {
  const { rows } = await db.query<{ round: number; reason: RoundReason; what: string; at: string }>(
    'SELECT round, reason, what, at FROM round_opened WHERE promotion_id = $1 ORDER BY round',
    [promotionId],
  );
  return rows.map((row) => ({ ...row, at: Date.parse(row.at) }));
}

async function findingsOf(db: Db, promotionId: string, round: number): Promise<Finding[]> {
  const { rows } = await db.query<{ finding: string }>(
    `SELECT finding FROM check_result WHERE promotion_id = $1 AND round = $2 AND phase = 'validation' ORDER BY id`,
    [promotionId, round],
  );
  const findings = rows.map(({ finding }) => JSON.parse(finding) as Finding);
  return CHECKS.flatMap((check) => findings.filter((finding) => finding.check === check));
}

/** What was re-checked in an earlier round was what was approved in that. */
async function rechecksOf(db: Db, promotionId: string, round: number): Promise<Recheck[]> {
  const { rows } = await db.query<{ id: number; finding: string; at: string; against_version: string | null }>(
    `SELECT DISTINCT ON (check_name) id, finding, at, against_version FROM check_result
      WHERE promotion_id = $1 AND round = $2 AND phase = 'recheck' ORDER BY check_name, id DESC`,
    [promotionId, round],
  );
  return rows.map(({ id, finding, at, against_version: against }) => {
    return { id, finding: JSON.parse(finding) as Finding, at: Date.parse(at), against };
  });
}
