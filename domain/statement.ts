import type { ActPayload, Decision } from './acts.js';
import type { Attempt } from './attempt.js';
import type { Gate } from './policy.js';
import type { StatementFields } from './progress.js';

/** The stages a decision is about: every gate decides on the way from staging to production. */
const FROM_TO = { from_stage: 'staging', to_stage: 'production' } as const;

/** The fields of a decision's statement that come from the record; null until the round's evidence is complete. */
export function statementFields(attempt: Attempt): StatementFields | null {
  if (attempt.evidenceDigest === null) return null;
  return {
    installation: attempt.installation.id,
    environment: attempt.installation.environment,
    promotion: attempt.promotionId,
    round: attempt.round,
    model: attempt.model,
    version: attempt.version,
    ...FROM_TO,
    artifact_digest: attempt.artifactDigest,
    feature_hash: attempt.featureHash,
    evidence_digest: attempt.evidenceDigest,
    policy_digest: attempt.policyDigest,
  };
}

/** What a signature under a decision means (21 CFR 11.50 asks for the meaning in words). */
export function meaningOf(decision: Decision, gate: Gate, asks: string): string {
  switch (decision) {
    case 'approve':
      return `I attest for the ${gate} gate: ${asks}`;
    case 'reject':
      return `I reject this version at the ${gate} gate, which asks: ${asks}`;
    case 'retract':
      return `I take back my approval at the ${gate} gate`;
  }
}

/** The first bound field in which a signed decision differs from the record, with both values; undefined when none does. */
export function differingField(
  payload: ActPayload,
  attempt: Attempt,
): { field: string; signed: string; record: string } | undefined {
  const fields = statementFields(attempt);
  const gate = payload['gate'] as Gate;
  const expected: Record<string, string | number | null> = {
    ...(fields ?? { promotion: attempt.promotionId, round: attempt.round, evidence_digest: null }),
    meaning: meaningOf(payload['decision'] as Decision, gate, attempt.policy.gates[gate].asks),
  };
  for (const [field, record] of Object.entries(expected)) {
    if (payload[field] !== record)
      return { field, signed: String(payload[field]), record: record === null ? 'not complete yet' : String(record) };
  }
  return undefined;
}
