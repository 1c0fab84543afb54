import type { Refusal } from '../../../domain/refusal.js';
import { hasRight } from '../../../domain/rights.js';
import { modelNotRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import type { Tx } from '../../../platform/pool.js';
import type { ApplyAct } from '../applied.js';
import { pinnedPolicy } from '../pinned.js';

interface Served {
  version: string;
  artifact_digest: string;
  decisions: string[] | null;
}

/** Answers the version that a person or system may load in a stage, to the stage's groups only (rules §1); recorded. */
export const resolveVersion: ApplyAct = async (tx, { hash, payload, person }, { store }) => {
  const [model, stage, asked] = [payload['model'], payload['stage'], payload['version']].map(String) as [
    string,
    'staging' | 'production',
    string,
  ];
  const subject = `${model}/${stage}`;
  const known = await tx.query('SELECT 1 FROM model_registry WHERE name = $1', [model]);
  if (known.rows.length === 0) return { subject, refusal: modelNotRegistered(model) };
  const versions = await inStage(tx, model, stage);
  const [first] = asked === '' ? versions : versions.filter(({ version }) => version === asked);
  const policy = await pinnedPolicy(tx, model, first?.version ?? '');
  const groups = policy.access[stage];
  if (!hasRight(person.groups, groups)) {
    const refusal: Refusal = {
      kind: 'identity',
      what: `${stage} is open to groups ${groups.join(', ')}`,
      given: `${person.email} is in ${person.groups.join(', ')}`,
      allowed: groups.join(', '),
      next: 'ask a member',
    };
    return { subject, refusal };
  }
  if (!first || (asked === '' && versions.length > 1)) return { subject, refusal: notOne(model, stage, asked, versions) };
  const { version, artifact_digest: artifactDigest, decisions } = first;
  const detail = { model, version, stage, artifactDigest, envelope: hash };
  await appendAudit(tx, { action: 'version.resolved', actor: person.email, subject: `${model}/${version}`, detail });
  const result = { model, version, stage, artifactDigest, path: store.pathOf(artifactDigest), decisions: decisions ?? [] };
  return { subject: `${model}/${version}`, result };
};

function notOne(model: string, stage: string, asked: string, versions: readonly Served[]): Refusal {
  const there = versions.map(({ version }) => version).join(', ') || 'none';
  const what = asked === '' ? `${model} has ${versions.length} versions in ${stage}` : `${model} ${asked} is not in ${stage}`;
  const next = versions.length > 0 ? 'say --version' : 'see gatehouse status';
  return { kind: 'conflict', what, given: asked || stage, allowed: there, next };
}

/** The versions in a stage, with the signed approvals that brought the one in production there. */
async function inStage(tx: Tx, model: string, stage: string): Promise<Served[]> {
  const { rows } = await tx.query<Served>(
    `SELECT v.version, v.artifact_digest,
            (SELECT array_agg(e.jws ORDER BY d.seq) FROM decision d JOIN envelope e ON e.hash = d.envelope
              WHERE d.envelope = ANY (
                SELECT unnest(c.decisions) FROM production_change c
                 WHERE c.model_id = v.model_id AND c.to_version = v.version AND c.kind = 'promotion')) AS decisions
       FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
      WHERE m.name = $1 AND v.status = $2 ORDER BY v.staged_at, v.version`,
    [model, stage],
  );
  return rows;
}
