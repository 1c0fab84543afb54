import type { Attempt, GlassSignature } from '../../domain/attempt.js';
import { GATEHOUSE } from '../../domain/audit.js';
import { canonicalJson, type JsonValue } from '../../domain/canonical.js';
import { foldGates } from '../../domain/gates.js';
import { promotionChangeKey } from '../../domain/ids.js';
import { glassInUse, recheckIds } from '../../domain/lifecycle.js';
import type { Notice } from '../../domain/notice.js';
import { nextAuditBody } from '../../platform/audit.js';
import { sha256 } from '../../platform/digest.js';
import { inTransaction, type Tx } from '../../platform/pool.js';
import { loadPackage } from '../../platform/package.js';
import type { Store } from '../../platform/store.js';
import { loggable, NotYet } from '../failures.js';
import { sendOut, writeNotices } from '../notify/notices.js';
import { damagedFinding, damageOf } from './damage.js';
import type { Deps } from './deps.js';
import { reconcileHolds } from './reconcile-holds.js';
import { openReview } from './review.js';
import { settle } from './settle.js';
import { holdsNotOnRecord } from './spooled-holds.js';
import { writeVerdict } from './verdict.js';

/** What became of a production change that was asked for: `not-due` when the record, read again, no longer calls for it. */
export type ChangeOutcome = 'done' | 'already' | 'not-due';

/**
 * Puts a version into production in one transaction that checks everything again under the model's lock: signatures,
 * gates, soak, fresh re-checks, holds of the serving side and the artifacts themselves. Called again it answers what it answered before.
 */
export function createChangeProduction(deps: Deps) {
  return async function changeProduction(input: { promotionId: string }): Promise<ChangeOutcome> {
    // What was held while the record was away is judged before anything else goes into production.
    await reconcileHolds(deps);
    const { outcome, others, notices } = await inTransaction(deps.pool, async (tx) => {
      const { attempt, next, notices: due } = await settle(tx, input.promotionId);
      if (attempt.change) return { outcome: 'already' as const, others: [], notices: due };
      if (next.kind !== 'change') return { outcome: 'not-due' as const, others: [], notices: due };
      await mustBeReconciled(deps, tx, attempt.model);
      const damage = await damageOf(deps, tx, attempt.model, attempt.version);
      if (damage.length > 0) {
        const finding = damagedFinding(attempt, damage.join('; '));
        await writeVerdict(tx, { attempt, phase: 'recheck', finding, tookMs: 0 });
        // What is there is not what was approved: that opens a new round.
        const { notices: told } = await settle(tx, input.promotionId);
        return { outcome: 'not-due' as const, others: [], notices: [...due, ...told] };
      }
      const glass = glassInUse(attempt).flatMap(({ by }) => by);
      await change(tx, attempt, deps.store, glass);
      const told = await writeNotices(tx, [newsOf(attempt), ...(glass.length > 0 ? [await openReview(tx, attempt, glass)] : [])]);
      return { outcome: 'done' as const, others: await otherOpenAttempts(tx, attempt), notices: [...due, ...told] };
    });
    for (const promotionId of others) {
      await deps.runs.nudge(promotionId).catch((error: unknown) => {
        deps.log('warn', 'a run was not told of the change and will find it at its next look', {
          promotionId,
          ...loggable(error),
        });
      });
    }
    await sendOut(deps, notices);
    return outcome;
  };
}

/** Throws while a hold is in the serving directory that the record knows nothing of; the change is tried again. */
async function mustBeReconciled(deps: Deps, tx: Tx, model: string): Promise<void> {
  const spooled = await holdsNotOnRecord(deps, tx, model);
  if (spooled.length > 0) throw new NotYet(`a hold of ${model} is spooled and not on the record yet; nothing goes before it is`);
}

function newsOf({ promotionId, model, version, production }: Attempt): Notice {
  return {
    key: `${promotionChangeKey(promotionId)}/changed`,
    kind: 'production-changed',
    subject: promotionId,
    audience: ['stakeholders'],
    title: `${model} ${version} is in production`,
    body: production === null ? 'It is the first one.' : `It replaces ${production}, which is archived.`,
  };
}

async function change(tx: Tx, attempt: Attempt, store: Store, signed: readonly GlassSignature[]): Promise<void> {
  const { promotionId, production: from, version: to } = attempt;
  const approvals = foldGates(attempt).flatMap(({ gate, approvals: counted }) =>
    counted.map(({ id, person, at }) => ({ gate, person, at: new Date(at).toISOString(), envelope: id })),
  );
  const breakGlass = signed.map(({ id, skip, person, reason, at }) => {
    return { skip, person, reason, at: new Date(at).toISOString(), envelope: id };
  });
  const skipped: { [name: string]: JsonValue } = breakGlass.length > 0 ? { breakGlass } : {};
  const record = canonicalJson({ ...(await recordOf(attempt, store, approvals)), ...skipped });
  const body = await nextAuditBody(tx, {
    action: 'production.changed',
    actor: GATEHOUSE,
    subject: promotionId,
    detail: {
      model: attempt.model,
      from,
      to,
      kind: 'promotion',
      approvals,
      ...skipped,
      evidence: attempt.evidenceDigest,
      policy: attempt.policyDigest,
      relaxed: attempt.relaxed,
      record: sha256(record),
    },
  });
  await tx.query('SELECT change_production($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    promotionChangeKey(promotionId),
    promotionId,
    from,
    approvals.map(({ envelope }) => envelope),
    recheckIds(attempt),
    record,
    attempt.policy.retention.years,
    body,
    breakGlass.map(({ envelope }) => envelope),
  ]);
}

/** What a promotion keeps (rules §6; guidelines, Model Registry Records). */
async function recordOf(attempt: Attempt, store: Store, approvals: JsonValue): Promise<{ [name: string]: JsonValue }> {
  const loaded = await loadPackage(store, attempt.artifactDigest);
  if (!loaded.ok) throw new Error(`the stored package of ${attempt.model} ${attempt.version} cannot be read`);
  return {
    approvals,
    artifacts: loaded.manifest.files as unknown as JsonValue,
    artifactDigest: attempt.artifactDigest,
    featureView: loaded.model.featureView as unknown as JsonValue,
    featureHash: attempt.featureHash,
    lineage: loaded.model.training as unknown as JsonValue,
    metrics: attempt.findings as unknown as JsonValue,
    rechecks: attempt.rechecks.map(({ finding }) => finding) as unknown as JsonValue,
    evidenceDigest: attempt.evidenceDigest,
    policyDigest: attempt.policyDigest,
    relaxed: attempt.relaxed,
    requestedBy: attempt.requestedBy,
    registeredBy: attempt.registeredBy,
  };
}

async function otherOpenAttempts(tx: Tx, { model, promotionId }: Attempt): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT p.id FROM promotion p JOIN model_registry m ON m.id = p.model_id
      WHERE m.name = $1 AND p.id <> $2 AND (p.state IN ('staging', 'validating') OR (p.state = 'archived' AND p.ended_at >= gatehouse_now() - interval '1 minute'))`,
    [model, promotionId],
  );
  return rows.map(({ id }) => id);
}
