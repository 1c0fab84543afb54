import { notRegistered } from '../../../domain/stages.js';
import { appendAudit } from '../../../platform/audit.js';
import type { ApplyAct } from '../applied.js';
import { versionUnderLock } from '../quarantine.js';

/** Lets a quarantined version go: from now on it is a rollback target again (rules §5). */
export const releaseVersion: ApplyAct = async (tx, { hash, payload, person, at }) => {
  const [model, version, reason] = [payload['model'], payload['version'], payload['reason']].map(String) as [
    string,
    string,
    string,
  ];
  const subject = `${model}/${version}`;
  const found = await versionUnderLock(tx, { model, version });
  if (!found) return { subject, refusal: notRegistered(subject) };
  if (found.quarantine === null) {
    return {
      subject,
      refusal: { kind: 'conflict', what: `${version} is not quarantined`, given: found.status, next: 'nothing to do' },
    };
  }
  await tx.query(
    `INSERT INTO quarantine (model_id, version, quarantined, reason, person, envelope, at) VALUES ($1, $2, false, $3, $4, $5, $6)`,
    [found.modelId, version, reason, person.email, hash, at],
  );
  const detail = { reason, quarantinedFor: found.quarantine, envelope: hash };
  await appendAudit(tx, { action: 'version.released', actor: person.email, subject, detail });
  return { subject, result: { model, version, state: found.status } };
};
