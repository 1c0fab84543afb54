import { allowedGroups } from '../../domain/acts.js';
import type { Refusal } from '../../domain/refusal.js';
import { FIRST_RIGHTS, hasRight, judgedBy, type RightsTable } from '../../domain/rights.js';
import type { OpenedEnvelope } from '../../platform/envelope.js';
import type { Person } from '../../platform/people.js';
import { policyFor } from '../../platform/policy-for.js';
import type { Tx } from '../../platform/pool.js';

/** A policy that was faster took the signer's right away: the act is judged anew. */
export class RightGone extends Error {
  override readonly name = 'RightGone';
}

/**
 * Why a signer has no right to an act, by the policy that judges it (`judgedBy`): as it was before the act, where the act
 * registers one. Takes the model's lock for an act on an attempt, whose pinned policy stays the same from then on.
 */
export async function notEntitled(tx: Tx, envelope: OpenedEnvelope, person: Person): Promise<Refusal | undefined> {
  if (!allowedGroups(envelope.act, FIRST_RIGHTS)) return undefined;
  const { model, version } = judgedBy(envelope.payload);
  if (version !== null) await tx.query('SELECT lock_model($1)', [model]);
  return lacksRight(envelope, person, await rightsNow(tx, envelope));
}

/**
 * Makes sure that the signer of an act that was done still has the right. The trail's head is held by now, so that no policy
 * gets before this act on the trail. Throws `RightGone` when one did.
 */
export async function mustStillBeEntitled(tx: Tx, envelope: OpenedEnvelope, person: Person): Promise<void> {
  // What an attempt has pinned was read under the model's lock, and may be what this act has changed.
  if (!allowedGroups(envelope.act, FIRST_RIGHTS) || judgedBy(envelope.payload).version !== null) return;
  if (lacksRight(envelope, person, await rightsNow(tx, envelope))) throw new RightGone();
}

async function rightsNow(tx: Tx, { payload, hash }: OpenedEnvelope): Promise<RightsTable> {
  const policy = await policyFor(tx, judgedBy(payload), hash);
  return policy?.rights ?? FIRST_RIGHTS;
}

function lacksRight({ act }: OpenedEnvelope, { email, groups }: Person, rights: RightsTable): Refusal | undefined {
  const allowed = allowedGroups(act, rights);
  if (!allowed || hasRight(groups, allowed)) return undefined;
  return {
    kind: 'identity',
    what: `right to ${act}`,
    given: `${email} is in ${groups.join(', ')}`,
    allowed: `groups ${allowed.join(', ')}`,
    next: 'ask somebody who has it',
  };
}
