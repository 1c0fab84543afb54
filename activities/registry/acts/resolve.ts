import { freezeText } from '../../../domain/freeze.js';
import type { Refusal } from '../../../domain/refusal.js';
import { hasRight } from '../../../domain/rights.js';
import { modelNotRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import { openFreezes } from '../../../platform/freezes.js';
import type { Tx } from '../../../platform/pool.js';
import { readServingBundle, type BundleRead } from '../../../platform/read/serving-bundle.js';
import { readTrust } from '../../../platform/read/trust.js';
import { verifyServingBundle } from '../../../platform/serving/verify-bundle.js';
import { FileError } from '../../../platform/files/regular-file.js';
import type { Store } from '../../../platform/store.js';
import type { ApplyAct } from '../applied.js';
import { damageOf } from '../damage.js';
import { pinnedPolicy } from '../pinned.js';

type Stage = 'staging' | 'production';

/**
 * Answers the version that a person or system may load in a stage, to the stage's groups only (rules §1), when everything that
 * brought it there verifies again, in production every file as well, and nothing holds it; recorded. What it verified is read from the record by whoever asked.
 */
export const resolveVersion: ApplyAct = async (tx, { hash, payload, person }, { store }) => {
  const [model, stage, asked] = [payload['model'], payload['stage'], payload['version']].map(String) as [string, Stage, string];
  const subject = `${model}/${stage}`;
  const known = await tx.query('SELECT 1 FROM model_registry WHERE name = $1', [model]);
  if (known.rows.length === 0) return { subject, refusal: modelNotRegistered(model) };
  const versions = await inStage(tx, model, stage);
  const [version] = asked === '' ? versions : versions.filter((each) => each === asked);
  const policy = await pinnedPolicy(tx, model, version ?? '');
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
  if (version === undefined || (asked === '' && versions.length > 1))
    return { subject, refusal: notOne(model, stage, asked, versions) };
  const held = stage === 'production' ? await heldNow(tx, model) : undefined;
  if (held) return { subject, refusal: held };
  const found = await verified(tx, store, { model, version, stage });
  if (typeof found === 'string') return { subject, refusal: notVerified(`${model} ${version}`, found) };
  const damage = stage === 'production' ? await damageOf({ store }, tx, model, version) : [];
  if (damage.length > 0) return { subject, refusal: notVerified(`${model} ${version}`, damage.join('; ')) };
  const { bundle, change } = found;
  const { artifactDigest, decisions } = bundle;
  const detail = { model, version, stage, artifactDigest, envelope: hash };
  await appendAudit(tx, { action: 'version.resolved', actor: person.email, subject: `${model}/${version}`, detail });
  const result = {
    model,
    version,
    stage,
    artifactDigest,
    decisions,
    change: change?.key ?? null,
    changedAt: change?.at ?? null,
  };
  return { subject: `${model}/${version}`, result };
};

/** What the record has of a version after all of it was verified again, or what of it does not hold. */
async function verified(
  tx: Tx,
  store: Store,
  { model, version, stage }: { model: string; version: string; stage: Stage },
): Promise<BundleRead | string> {
  try {
    const read = await readServingBundle(tx, store, { model, version });
    if (!read) return 'it is there no more';
    if (stage === 'production' && !read.change) return 'no production change on the record brought it there';
    // A key that was revoked after the change had counted for it (rules §3).
    const trust = await readTrust(tx, { model, until: read.change?.at ?? null });
    const verdict = await verifyServingBundle(read.bundle, trust, { model, stage });
    return verdict.ok ? read : verdict.problem;
  } catch (error) {
    if (error instanceof FileError) return `its manifest: ${error.message}`;
    throw error;
  }
}

function notVerified(name: string, problem: string): Refusal {
  const next = 'keep serving what was verified before; gatehouse audit verify names what was changed';
  return { kind: 'identity', what: `${name} does not verify`, given: problem, allowed: 'what people signed', next };
}

async function heldNow(tx: Tx, model: string): Promise<Refusal | undefined> {
  const hold = (await openFreezes(tx, model)).find(({ kind }) => kind === 'hold');
  return hold && { kind: 'rule', what: `${model} is held`, allowed: freezeText(hold), next: 'gatehouse hold --lift' };
}

function notOne(model: string, stage: string, asked: string, versions: readonly string[]): Refusal {
  const there = versions.join(', ') || 'none';
  const what = asked === '' ? `${model} has ${versions.length} versions in ${stage}` : `${model} ${asked} is not in ${stage}`;
  const next = versions.length > 0 ? 'say --version' : 'see gatehouse status';
  return { kind: 'conflict', what, given: asked || stage, allowed: there, next };
}

async function inStage(tx: Tx, model: string, stage: Stage): Promise<string[]> {
  const { rows } = await tx.query<{ version: string }>(
    `SELECT v.version FROM model_version_detail v JOIN model_registry m ON m.id = v.model_id
      WHERE m.name = $1 AND v.status = $2 ORDER BY v.staged_at, v.version`,
    [model, stage],
  );
  return rows.map(({ version }) => version);
}
