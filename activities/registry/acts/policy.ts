import { canonicalJson } from '../../../domain/canonical.js';
import { policyJson, relaxedNumbers } from '../../../domain/policy.js';
import { judgeRights } from '../../../domain/policy-rights.js';
import { recordedPolicy } from '../../../domain/policy-sections.js';
import { DEFAULTS } from '../../../domain/rights.js';
import { appendAudit } from '../../../platform/audit.js';
import { sha256 } from '../../../platform/digest.js';
import { parsePolicy } from '../../../platform/files/policy-file.js';
import { livingGroups } from '../../../platform/people.js';
import type { ApplyAct } from '../applied.js';
import { storedFile } from './files.js';

/** Puts a policy file on the record: its text, the defaults' text, and the effective policy whose digest is pinned later. */
export const registerPolicy: ApplyAct = async (tx, { hash, payload, person, at }, { store }) => {
  const { rows } = await tx.query<{ seq: number; file_text: string; effective: string }>(
    `(SELECT seq, file_text, effective FROM policy WHERE model = $1 ORDER BY seq DESC LIMIT 1)
     UNION ALL (SELECT seq, file_text, effective FROM policy WHERE model = $1 ORDER BY seq LIMIT 1)`,
    [DEFAULTS],
  );
  const [newest, first] = rows;
  const isDefaults = payload['model'] === DEFAULTS;
  if (!isDefaults && !newest)
    return { refusal: { kind: 'rule', what: 'no defaults on the record', next: 'register policies/_defaults.yaml first' } };
  const defaults = isDefaults || !newest ? undefined : { text: newest.file_text, fileName: '_defaults.yaml' };
  const file = await storedFile(store, payload['file'], (bytes) => parsePolicy(bytes, 'policy', defaults));
  if (file.refusal) return { refusal: file.refusal };
  const policy = file.value;
  if (policy.model !== payload['model']) {
    return {
      refusal: { kind: 'identity', what: 'model', given: String(payload['model']), allowed: `${policy.model}, as the file says` },
    };
  }
  const relaxed = first ? relaxedNumbers(policy, recordedPolicy(first.effective)) : [];
  if (relaxed.length > 0 && payload['environment'] === 'production') {
    return {
      refusal: {
        kind: 'rule',
        what: 'looser than the guidelines',
        given: relaxed.join(', '),
        allowed: 'the guidelines or stricter where the environment is production',
      },
    };
  }
  const effective = canonicalJson(policyJson(policy));
  const digest = sha256(effective);
  const subject = `policy/${policy.model}`;
  const result = { model: policy.model, policyDigest: digest, relaxed };
  const latest = await tx.query<{ digest: string; effective: string }>(
    'SELECT digest, effective FROM policy WHERE model = $1 ORDER BY seq DESC LIMIT 1',
    [policy.model],
  );
  const own = latest.rows[0];
  if (own?.digest === digest) return { subject, result: { ...result, unchanged: true } };
  const refusal = judgeRights(policy, {
    by: person,
    defaults: newest && recordedPolicy(newest.effective),
    before: own && recordedPolicy(own.effective),
    living: await livingGroups(tx),
  });
  if (refusal) return { subject, refusal };
  await tx.query(
    `INSERT INTO policy (model, digest, file_text, defaults_text, effective, relaxed, envelope, registered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [policy.model, digest, file.text, defaults?.text ?? null, effective, relaxed, hash, at],
  );
  await appendAudit(tx, {
    action: 'policy.registered',
    actor: person.email,
    subject,
    detail: { digest, relaxed, envelope: hash },
  });
  return { subject, result: { ...result, unchanged: false } };
};
