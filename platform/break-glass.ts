import { ACTS } from '../domain/acts.js';
import type { Attempt, GlassSignature, Skip } from '../domain/attempt.js';
import { glassDiffers } from '../domain/break-glass-act.js';
import { hasRight } from '../domain/rights.js';
import type { Db } from './pool.js';
import { signedBy, signersOf, type SignedRow, type Signers } from './signed-by.js';

interface Row extends SignedRow {
  readonly round: number;
  readonly skip: Skip;
  readonly reason: string;
}

/** What people signed to skip a wait of an attempt; their signatures are verified here each time. */
export async function breakGlassOf(db: Db, attempt: Attempt): Promise<GlassSignature[]> {
  const { rows } = await db.query<Row>(
    `SELECT b.envelope, b.round, b.skip, b.person, b.reason, b.at AS received_at, e.jws
       FROM break_glass b JOIN envelope e ON e.hash = b.envelope WHERE b.promotion_id = $1 ORDER BY b.seq`,
    [attempt.promotionId],
  );
  if (rows.length === 0) return [];
  const signers = await signersOf(
    db,
    rows.map(({ person }) => person),
  );
  return Promise.all(
    rows.map(async (row) => {
      const { envelope: id, round, skip, person, reason, received_at: at } = row;
      return { id, round, skip, person, reason, at: Date.parse(at), stands: await stands(row, attempt, signers) };
    }),
  );
}

/** A signature is judged by the key that was its author's when it was received, and by whether they are trusted now. */
async function stands(row: Row, attempt: Attempt, signers: Signers): Promise<boolean> {
  const signed = await signedBy(signers, row);
  if (!signed?.isTrusted || !hasRight(signed.person.groups, attempt.policy.rights['break-glass'])) return false;
  const { payload } = signed;
  const isAct = payload['typ'] === ACTS['break-glass'].typ;
  const saysTheSame = payload['skip'] === row.skip && payload['reason'] === row.reason;
  return isAct && saysTheSame && glassDiffers(payload, attempt) === undefined;
}
