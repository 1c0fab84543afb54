import type { Tx } from '../../platform/pool.js';

/** The attempts whose runs have to hear of a production change: the one that leaves production, and those it is compared for. */
export async function openAttempts(tx: Tx, model: string): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT p.id FROM promotion p JOIN model_registry m ON m.id = p.model_id
      WHERE m.name = $1 AND p.state IN ('validating', 'staging', 'production')`,
    [model],
  );
  return rows.map(({ id }) => id);
}
