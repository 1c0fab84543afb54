import { appendAudit } from '../../../platform/audit.js';
import { parseDataset } from '../../../platform/files/dataset-file.js';
import type { ApplyAct } from '../applied.js';
import { storedFile } from './files.js';

/** Registers a data set, which approves it; the last registered of a series is its latest. */
export const registerDataset: ApplyAct = async (tx, { hash, payload, person, at }, { store }) => {
  const file = await storedFile(store, payload['file'], (bytes) => parseDataset(bytes, 'data set'));
  if (file.refusal) return { refusal: file.refusal };
  const { name, series, role, sha256: digest, featureView, label, positive } = file.value;
  const subject = `dataset/${name}`;
  if (payload['data'] !== digest || !(await store.verify(digest))) {
    return {
      subject,
      refusal: {
        kind: 'usage',
        what: 'data',
        given: String(payload['data']),
        allowed: `${digest}, as the file says, and in the store`,
        next: 'mend sha256 in the file',
      },
    };
  }
  const result = { name, series, role, digest };
  const { rows } = await tx.query<{ digest: string; series: string; role: string }>(
    'SELECT digest, series, role FROM dataset WHERE name = $1',
    [name],
  );
  const same = rows[0];
  if (same && same.digest === digest && same.series === series && same.role === role)
    return { subject, result: { ...result, unchanged: true } };
  if (same)
    return {
      subject,
      refusal: {
        kind: 'conflict',
        what: `data set ${name} is registered with other content`,
        given: digest,
        allowed: same.digest,
        next: 'give it a new name',
      },
    };
  const view = await tx.query('SELECT 1 FROM feature_view WHERE name = $1 AND version = $2', [
    featureView.name,
    featureView.version,
  ]);
  if (view.rows.length === 0) {
    return {
      subject,
      refusal: {
        kind: 'rule',
        what: 'feature view',
        given: `${featureView.name} version ${featureView.version}`,
        allowed: 'a registered one',
        next: 'gatehouse feature-view register',
      },
    };
  }
  await tx.query(
    `INSERT INTO dataset (name, series, role, digest, feature_view, feature_view_version, label, positive, file_text, envelope, registered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [name, series, role, digest, featureView.name, featureView.version, label, positive ?? null, file.text, hash, at],
  );
  await appendAudit(tx, {
    action: 'dataset.registered',
    actor: person.email,
    subject,
    detail: { digest, series, role, envelope: hash },
  });
  return { subject, result: { ...result, unchanged: false } };
};
