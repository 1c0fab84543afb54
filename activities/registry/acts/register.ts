import { featureBytes } from '../../../domain/checks.js';
import { appendAudit } from '../../../platform/audit.js';
import { sha256 } from '../../../platform/digest.js';
import { loadPackage } from '../../../platform/package.js';
import type { ApplyAct } from '../applied.js';
import { problemsRefusal } from './files.js';

/** Registers a model version from its stored package: the same package twice is the same version, other content is refused. */
export const registerVersion: ApplyAct = async (tx, { hash, payload, person, at }, { store }) => {
  const model = String(payload['model']);
  const version = String(payload['version']);
  const digest = String(payload['artifact_digest']);
  const subject = `${model}/${version}`;
  const loaded = await loadPackage(store, digest);
  if (!loaded.ok) return { subject, refusal: problemsRefusal(loaded.problems) };
  const { name, version: written, features } = loaded.model;
  if (name !== model || written !== version) {
    return {
      subject,
      refusal: {
        kind: 'identity',
        what: 'version',
        given: subject,
        allowed: `${name}/${written}, as model.yaml says`,
        next: 'sign what the package says',
      },
    };
  }
  await tx.query('INSERT INTO model_registry (name) VALUES ($1) ON CONFLICT DO NOTHING', [model]);
  const locked = await tx.query<{ id: number }>('SELECT lock_model($1) AS id', [model]);
  const modelId = locked.rows[0]?.id;
  const result = { model, version, artifactDigest: digest };
  const known = await tx.query<{ artifact_digest: string; status: string }>(
    'SELECT artifact_digest, status FROM model_version_detail WHERE model_id = $1 AND version = $2',
    [modelId, version],
  );
  const before = known.rows[0];
  if (before?.artifact_digest === digest) return { subject, result: { ...result, stage: before.status, unchanged: true } };
  if (before) {
    return {
      subject,
      refusal: {
        kind: 'conflict',
        what: `${model} ${version} is registered with other content`,
        given: digest,
        allowed: before.artifact_digest,
        next: 'give it a new version',
      },
    };
  }
  const featureHash = sha256(featureBytes(features));
  await tx.query(
    `INSERT INTO model_version_detail (model_id, version, artifact_digest, feature_hash, registered_by, registered_at, envelope)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [modelId, version, digest, featureHash, person.email, at, hash],
  );
  const detail = { artifactDigest: digest, featureHash, envelope: hash, to: 'registered' };
  await appendAudit(tx, { action: 'version.registered', actor: person.email, subject, detail });
  return { subject, result: { ...result, stage: 'registered', unchanged: false } };
};
