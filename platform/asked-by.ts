import { ACTS } from '../domain/acts.js';
import type { AskedBy, Attempt } from '../domain/attempt.js';
import { hasRight } from '../domain/rights.js';
import type { Db } from './pool.js';
import { signedBy, signersOf, type SignedRow, type Signers } from './signed-by.js';

type OfAttempt = Pick<Attempt, 'installation' | 'promotionId' | 'model' | 'version' | 'policy' | 'askedAt'>;

/**
 * Who asked for an attempt, and whether that still stands: signature, key and right are looked at each time. Who asked for its
 * production change since is read only where the request does not stand and somebody did.
 */
export async function askedByOf(db: Db, attempt: OfAttempt, request: SignedRow, signers: Signers): Promise<AskedBy[]> {
  const first = { act: 'request', person: request.person, stands: await stands('request', request, attempt, signers) } as const;
  if (first.stands || attempt.askedAt === null) return [first];
  const { rows } = await db.query<SignedRow>(
    `SELECT e.hash AS envelope, e.jws, e.person, e.received_at
       FROM audit_event a JOIN envelope e ON e.hash = a.body::jsonb #>> '{detail,envelope}'
      WHERE a.subject = $1 AND a.action = 'promotion.asked' AND e.act = 'promote' AND e.accepted ORDER BY a.seq`,
    [attempt.promotionId],
  );
  const since = await signersOf(
    db,
    rows.map(({ person }) => person),
  );
  const asked = rows.map(async (row): Promise<AskedBy> => {
    return { act: 'promote', person: row.person, stands: await stands('promote', row, attempt, since) };
  });
  return [first, ...(await Promise.all(asked))];
}

async function stands(act: AskedBy['act'], row: SignedRow, attempt: OfAttempt, signers: Signers): Promise<boolean> {
  const signed = await signedBy(signers, row);
  if (!signed?.isTrusted || !hasRight(signed.person.groups, attempt.policy.rights[act])) return false;
  const { installation, promotionId: promotion, model, version } = attempt;
  const means = { typ: ACTS[act].typ, installation: installation.id, model, version, ...(act === 'promote' && { promotion }) };
  return Object.entries(means).every(([field, meant]) => signed.payload[field] === meant);
}
