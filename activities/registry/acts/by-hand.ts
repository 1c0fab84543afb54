import { judgeRollback, pagesOnCall, type RollbackSituation } from '../../../domain/rollback.js';
import { modelNotRegistered } from '../../../domain/stages.js';
import { byHandKey, byHandWorkflowId } from '../../../domain/ids.js';
import { canonicalJson } from '../../../domain/canonical.js';
import { nextAuditBody } from '../../../platform/audit.js';
import type { Tx } from '../../../platform/pool.js';
import { readSituation } from '../../../platform/read/production.js';
import { writeNotices } from '../../notify/notices.js';
import type { Applied, ApplyAct, SignedAct } from '../applied.js';
import { damageOf } from '../damage.js';
import { openAttempts } from '../open-attempts.js';
import { pinnedPolicy } from '../pinned.js';

interface Change {
  readonly kind: 'rollback' | 'retirement';
  readonly model: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Takes production back to a version that was there before (rules §5); the swap follows once the act is on the record. */
export const rollBack: ApplyAct = async (tx, signed, deps) => {
  const { payload } = signed;
  const [model, to] = [String(payload['model']), String(payload['to_version'])];
  const from = String(payload['from_version']) || null;
  const situation = await situationOf(tx, model);
  if (!situation) return { subject: model, refusal: modelNotRegistered(model) };
  const refusal = judgeRollback(situation, { from, to });
  if (refusal) {
    const notices = pagesOnCall(situation, { from, to })
      ? await pageFor(tx, signed, `${model} cannot be rolled back`, refusal.what)
      : [];
    return { subject: model, refusal, notices };
  }
  const damage = await damageOf(deps, tx, model, to);
  if (damage.length === 0) return changed(tx, signed, { kind: 'rollback', model, from, to });
  const what = `the artifacts of ${to} do not match their checksums`;
  const next = 'roll back to another version; the on-call is told';
  const notices = await pageFor(tx, signed, `${model} cannot be rolled back to ${to}`, `${what}: ${damage.join('; ')}`);
  return { subject: model, refusal: { kind: 'rule', what, given: damage.join('; '), next }, notices };
};

/** Rules §5: a rollback that cannot be made is refused with the reason and the on-call is paged. */
function pageFor(tx: Tx, { hash, payload }: SignedAct, title: string, body: string): Promise<string[]> {
  const key = `rollback-refused/${hash}`;
  const subject = String(payload['model']);
  return writeNotices(tx, [{ key, kind: 'rollback-refused', subject, audience: ['on_call'], title, body, severity: 'critical' }]);
}

/** Takes the version in production out of it, and leaves none there. */
export const retire: ApplyAct = async (tx, signed) => {
  const { payload } = signed;
  const [model, version] = [String(payload['model']), String(payload['version'])];
  const situation = await situationOf(tx, model);
  if (!situation) return { subject: model, refusal: modelNotRegistered(model) };
  if (situation.production !== version) {
    return {
      subject: `${model}/${version}`,
      refusal: {
        kind: 'conflict',
        what: `${version} is not in production`,
        given: version,
        allowed: situation.production ?? 'none is',
        next: 'see gatehouse status',
      },
    };
  }
  return changed(tx, signed, { kind: 'retirement', model, from: version, to: null });
};

async function changed(tx: Tx, signed: SignedAct, change: Change): Promise<Applied> {
  const { model, kind, from, to } = change;
  const key = byHandKey(kind, signed.hash);
  const workflowId = byHandWorkflowId(model, key);
  return {
    subject: key,
    result: {
      model,
      from,
      to,
      production: to,
      state: to === null ? 'archived' : 'production',
      changeKey: key,
      workflowId,
      promotionId: null,
    },
    effect: (later) => makeChange(later, signed, change),
    follow: { key, model },
    nudge: await openAttempts(tx, model),
  };
}

/** The swap itself, after the envelope that allows it is on the record. */
async function makeChange(
  tx: Tx,
  { hash, payload, person }: SignedAct,
  { kind, model, from, to }: Change,
): Promise<readonly string[]> {
  const reason = String(payload['reason']);
  const said = `${kind === 'rollback' ? `rolled back to ${to ?? ''}` : 'retired'} by ${person.email}: ${reason}`;
  const key = byHandKey(kind, hash);
  const policy = await pinnedPolicy(tx, model, from ?? to ?? '');
  const record = canonicalJson({ kind, model, from, to, reason, by: person.email, envelope: hash });
  const body = await nextAuditBody(tx, {
    action: 'production.changed',
    actor: person.email,
    subject: key,
    detail: { kind, model, from, to, reason, envelope: hash },
  });
  const years = policy.retention.years;
  const args = [kind, hash, model, from, to, said, record, years, body];
  await tx.query('SELECT change_production_by_hand($1, $2, $3, $4, $5, $6, $7, $8, $9)', args);
  return writeNotices(tx, [
    {
      key: `${key}/changed`,
      kind: 'production-changed',
      subject: key,
      audience: ['stakeholders', 'on_call'],
      title: to === null ? `${model} ${from ?? ''} is retired` : `${model} is rolled back from ${from ?? 'none'} to ${to}`,
      body: `By ${person.email}: ${reason}`,
    },
  ]);
}

async function situationOf(tx: Tx, model: string): Promise<RollbackSituation | undefined> {
  const { rows: models } = await tx.query<{ id: number | null }>('SELECT lock_model($1) AS id', [model]);
  return (models[0]?.id ?? null) === null ? undefined : readSituation(tx, model);
}
