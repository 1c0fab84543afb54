import type { Attempt, DecisionRecord, Fault, RoundReason } from './attempt.js';

/** A decision that nobody signed as it stands on the record. */
export const NOT_SIGNED: Fault = { cause: 'not signed', what: 'the signature does not hold for what the record says' };

/** What a change of one field of the statement means for an approval that was signed over it as it was. */
const CHANGED: Readonly<Record<string, RoundReason>> = {
  artifact_digest: 'artifact changed',
  feature_hash: 'artifact changed',
  evidence_digest: 'evidence changed',
  policy_digest: 'policy changed',
  meaning: 'policy changed',
};

/** Why a genuine signature over another statement than the record's now does not count. */
export function faultOfField({ field, signed, record }: { field: string; signed: string; record: string }): Fault {
  const cause = Object.hasOwn(CHANGED, field) ? CHANGED[field] : undefined;
  return cause ? { cause, what: `${field} was ${brief(signed)}, is ${brief(record)}` } : NOT_SIGNED;
}

/** A digest by its first digits: the statement that was signed has all of it. */
function brief(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : value;
}

/** Why a decision does not count in an attempt's round, or null when it does; an earlier round's is void for what ended that round. */
export function faultOf(decision: DecisionRecord, { round, rounds }: Pick<Attempt, 'round' | 'rounds'>): Fault | null {
  if (decision.fault?.cause === 'not signed') return decision.fault;
  if (decision.round === round) return decision.fault ?? (decision.stands ? null : NOT_SIGNED);
  const next = rounds.find((each) => each.round === decision.round + 1);
  return next ? { cause: next.reason, what: next.what } : { cause: 'policy re-pinned', what: '' };
}

/** A fault in words. */
export function faultText({ cause, what }: Fault): string {
  return what === '' ? cause : `${cause}: ${what}`;
}
