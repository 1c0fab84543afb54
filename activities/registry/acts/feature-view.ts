import { featureBytes } from '../../../domain/checks.js';
import { appendAudit } from '../../../platform/audit.js';
import { sha256 } from '../../../platform/digest.js';
import { parseFeatureView } from '../../../platform/files/feature-view-file.js';
import type { ApplyAct } from '../applied.js';
import { storedFile } from './files.js';

/** Registers a feature view, which approves it; one version of a view never changes. */
export const registerFeatureView: ApplyAct = async (tx, { hash, payload, person, at }, { store }) => {
  const file = await storedFile(store, payload['file'], (bytes) => parseFeatureView(bytes, 'feature view'));
  if (file.refusal) return { refusal: file.refusal };
  const { name, version, features } = file.value;
  const featureHash = sha256(featureBytes(features));
  const subject = `feature-view/${name}/${version}`;
  const result = { name, version, featureHash };
  const { rows } = await tx.query<{ feature_hash: string }>(
    'SELECT feature_hash FROM feature_view WHERE name = $1 AND version = $2',
    [name, version],
  );
  if (rows[0]?.feature_hash === featureHash) return { subject, result: { ...result, unchanged: true } };
  if (rows[0]) {
    return {
      subject,
      refusal: {
        kind: 'conflict',
        what: `${name} version ${version} is registered with other features`,
        given: featureHash,
        allowed: rows[0].feature_hash,
        next: 'give it a new version',
      },
    };
  }
  await tx.query(
    'INSERT INTO feature_view (name, version, feature_hash, features, file_text, envelope, registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7)',
    [name, version, featureHash, featureBytes(features), file.text, hash, at],
  );
  await appendAudit(tx, {
    action: 'feature-view.registered',
    actor: person.email,
    subject,
    detail: { featureHash, envelope: hash },
  });
  return { subject, result: { ...result, unchanged: false } };
};
