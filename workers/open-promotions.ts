import type { Db } from '../platform/pool.js';

/** An attempt that has not ended, as the record has it. */
export interface OpenPromotion {
  readonly id: string;
  readonly first_run_id: string | null;
  /** Since when nothing was recorded that its run does by itself; null where it may wait for nothing. */
  readonly silent_ms: number | null;
  /** How often something is due. */
  readonly every_ms: number;
}

/**
 * SQL: whether a run has something to do for a promotion `p`: it has not ended, or it left production before everything that
 * followed its change was done.
 */
export const HAS_WORK = `(p.state IN ('validating', 'staging', 'production') OR (p.state = 'archived' AND EXISTS (
  SELECT FROM production_change c WHERE c.promotion_id = p.id
     AND (SELECT count(*) FROM follow_up f WHERE f.change_key = c.key) < cardinality(c.follow_ups))))`;

/** What is open, and how long nothing was heard: of staging since its last look, of the checks since they were asked for. */
const OPEN = `
  SELECT p.id, p.first_run_id,
         CASE WHEN p.state IN ('production', 'archived') THEN NULL
              ELSE (extract(epoch FROM gatehouse_now() - coalesce(w.to_at, p.staged_at, p.requested_at)) * 1000)::bigint END AS silent_ms,
         CASE WHEN p.state = 'staging' THEN (pol.effective::json #>> '{watch,every}')::bigint ELSE 0 END AS every_ms
    FROM promotion p
    JOIN policy pol ON pol.seq = p.policy_seq
    LEFT JOIN LATERAL (SELECT to_at FROM performance_window WHERE promotion_id = p.id ORDER BY id DESC LIMIT 1) w ON true
   WHERE ${HAS_WORK}`;

/** Every attempt that has not ended. */
export async function openPromotions(db: Db): Promise<OpenPromotion[]> {
  return (await db.query<OpenPromotion>(OPEN)).rows;
}
