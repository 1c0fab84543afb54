import type { Decision } from '../domain/acts.js';
import type { Attempt, DecisionRecord, Fault } from '../domain/attempt.js';
import type { Gate } from '../domain/policy.js';
import { hasRight } from '../domain/rights.js';
import { differingField } from '../domain/statement.js';
import { faultOfField, NOT_SIGNED } from '../domain/void.js';
import { keyOfVoid } from '../domain/void-notices.js';
import type { Db } from './pool.js';
import { signedBy, type Signed, type SignedRow, type Signers } from './signed-by.js';

/** A decision as the record has it, with the envelope it was made by. */
export interface DecisionRow extends SignedRow {
  readonly round: number;
  readonly gate: Gate;
  readonly decision: Decision;
}

/** Every decision of an attempt, in the order in which they were received. */
export async function decisionRows(db: Db, promotionId: string): Promise<DecisionRow[]> {
  const { rows } = await db.query<DecisionRow>(
    `SELECT d.envelope, d.round, d.gate, d.decision, d.person, d.received_at, e.jws
       FROM decision d JOIN envelope e ON e.hash = d.envelope WHERE d.promotion_id = $1 ORDER BY d.seq`,
    [promotionId],
  );
  return rows;
}

/** What a decision is judged by: who has signed, and of what people were told already. */
interface Known {
  readonly signers: Signers;
  readonly told: readonly { readonly key: string; readonly at: string }[];
}

/** A decision with what is against it now, if anything. */
export async function decisionOf(row: DecisionRow, attempt: Attempt, { signers, told }: Known): Promise<DecisionRecord> {
  const signed = await signedBy(signers, row);
  const fault = faultIn(row, signed, attempt);
  const first = told.find((each) => each.key.startsWith(keyOfVoid(attempt.promotionId, row.envelope)));
  return {
    id: row.envelope,
    round: row.round,
    gate: row.gate,
    decision: row.decision,
    person: row.person,
    at: Date.parse(row.received_at),
    stands: fault === null && row.round === attempt.round,
    fault,
    evidenceDigest: signed ? String(signed.payload['evidence_digest']) : '',
    toldVoidAt: first ? Date.parse(first.at) : null,
  };
}

/**
 * What is against a decision besides its round, judged by its author's key of then and by whether they are trusted now; what
 * changed under a genuine signature comes before what became of its author.
 */
function faultIn(row: DecisionRow, signed: Signed | undefined, attempt: Attempt): Fault | null {
  if (!signed) return NOT_SIGNED;
  const { payload, person } = signed;
  if (payload['gate'] !== row.gate || payload['decision'] !== row.decision || payload['round'] !== row.round) return NOT_SIGNED;
  const differing = row.round === attempt.round ? differingField(payload, attempt) : undefined;
  if (differing) return faultOfField(differing);
  // What became of its author after the change that stands on it changes nothing (promises R15).
  if (attempt.change?.decisions?.includes(row.envelope)) return null;
  if (!signed.isTrusted) return { cause: 'key revoked', what: `what ${person.email} signed before counts no more` };
  const { group } = attempt.policy.gates[row.gate];
  return hasRight(person.groups, [group]) ? null : { cause: 'left the group', what: `${person.email} is not in ${group}` };
}
