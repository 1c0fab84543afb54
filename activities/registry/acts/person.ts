import type { Tx } from '../../../platform/pool.js';

/** What acts on a person are about. */
export function personSubject(email: string): string {
  return `person/${email}`;
}

/** The attempts in staging that somebody asked for, has decided in or signed a break-glass of: their runs have to look again. */
export async function attemptsWith(tx: Tx, email: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT p.id FROM promotion p
      WHERE p.state = 'staging' AND (p.requested_by = $1 OR p.id IN (SELECT promotion_id FROM decision WHERE person = $1)
        OR p.id IN (SELECT promotion_id FROM break_glass WHERE person = $1)
        OR EXISTS (SELECT FROM audit_event a WHERE a.subject = p.id AND a.action = 'promotion.asked' AND a.actor = $1)) ORDER BY p.id`,
    [email],
  );
  return rows.map(({ id }) => id);
}
