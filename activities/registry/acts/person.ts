import type { Tx } from '../../../platform/pool.js';

/** What acts on a person are about. */
export function personSubject(email: string): string {
  return `person/${email}`;
}

/** The attempts in staging that hold decisions of somebody: their runs have to look again. */
export async function heldBy(tx: Tx, email: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM promotion WHERE state = 'staging' AND id IN (SELECT promotion_id FROM decision WHERE person = $1) ORDER BY id`,
    [email],
  );
  return rows.map(({ id }) => id);
}
