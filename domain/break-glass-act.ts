import type { ActPayload } from './acts.js';
import type { Attempt, Skip } from './attempt.js';
import { inStagingOf } from './attempt-acts.js';
import { foldBreakGlass, SECOND_WITHIN_MS, signedFor, skipText } from './break-glass.js';
import type { Decider } from './gates.js';
import { isHeld } from './lifecycle.js';
import type { Refusal } from './refusal.js';
import { statementFields } from './statement.js';

/** The fields of a break-glass that come from the record: what exactly goes into production sooner. */
export function glassFields(attempt: Attempt) {
  const fields = statementFields(attempt);
  return {
    promotion: attempt.promotionId,
    round: attempt.round,
    artifact_digest: attempt.artifactDigest,
    evidence_digest: fields?.evidence_digest ?? '',
    policy_digest: attempt.policyDigest,
  };
}

/** The first bound field in which a signed break-glass differs from the record, as a refusal; undefined when none does. */
export function glassDiffers(payload: ActPayload, attempt: Attempt): Refusal | undefined {
  const fields = Object.entries(glassFields(attempt));
  const differing = fields.find(([field, record]) => payload[field] !== record);
  if (!differing) return undefined;
  const [field, record] = differing;
  const allowed = record === '' ? 'not complete yet' : String(record);
  return { kind: 'identity', what: field, given: String(payload[field]), allowed, next: 'read the record again and sign that' };
}

/**
 * Why a correctly signed break-glass does not count, or undefined when it does. Rules §1: "it takes two people other than the
 * requester", and nobody whose version it is.
 */
export function judgeBreakGlass(attempt: Attempt, by: Decider, skip: Skip): Refusal | undefined {
  // What only a freeze holds back has not expired, whatever the time.
  const refusal = inStagingOf('break-glass', attempt, { evenAfterTheMaximum: isHeld(attempt) });
  if (refusal) return refusal;
  if (attempt.barred.includes(by.email)) {
    const role = by.email === attempt.registeredBy ? 'registered' : 'requested';
    const allowed = 'two people who did neither';
    return { kind: 'rule', what: `${by.email} ${role} this version`, allowed, next: 'ask two others who have the right' };
  }
  const isBroken = skip === 'both' ? signedFor(attempt, 'soak') && signedFor(attempt, 'freeze') : signedFor(attempt, skip);
  if (isBroken)
    return { kind: 'conflict', what: `${skipText(skip)} is skipped already`, given: by.email, next: 'see gatehouse status' };
  const own = foldBreakGlass(attempt).proposed.find((each) => each.skip === skip && each.person === by.email);
  if (!own) return undefined;
  return {
    kind: 'conflict',
    what: `${by.email} has signed already at ${new Date(own.at).toISOString()}`,
    allowed: `a second person until ${new Date(own.at + SECOND_WITHIN_MS).toISOString()}`,
    next: 'ask another person who has the right',
  };
}
