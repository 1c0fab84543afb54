import { GATEHOUSE } from '../../domain/audit.js';
import { promotionChangeKey } from '../../domain/ids.js';
import { appendAudit } from '../../platform/audit.js';
import { inTransaction } from '../../platform/pool.js';
import { BadInput } from '../failures.js';
import { damageOf } from './damage.js';
import type { Deps } from './deps.js';

interface Change {
  model: string;
  from_version: string | null;
  retention_until: string | null;
}

/** One step after a production change (rules §7), recorded once however often it runs. */
export function createFollowUp(deps: Deps) {
  return async function followUp(input: { promotionId: string; step: string }): Promise<void> {
    if (input.step !== 'archive-previous') throw new Error(`this release has no follow-up step ${input.step}`);
    const key = promotionChangeKey(input.promotionId);
    const { rows } = await deps.pool.query<Change>(
      `SELECT m.name AS model, c.from_version, v.retention_until FROM production_change c
         JOIN model_registry m ON m.id = c.model_id
         LEFT JOIN model_version_detail v ON v.model_id = c.model_id AND v.version = c.from_version WHERE c.key = $1`,
      [key],
    );
    const change = rows[0];
    if (!change) throw new BadInput(`no production change ${key}`);
    const { model, from_version: previous, retention_until: retentionUntil } = change;
    const damaged = previous === null ? [] : await damageOf(deps, deps.pool, model, previous);
    const detail = { previous, retentionUntil, artifacts: damaged.length === 0 ? 'match' : `damaged: ${damaged.join('; ')}` };
    await inTransaction(deps.pool, async (tx) => {
      const { rowCount } = await tx.query(
        `INSERT INTO follow_up (change_key, step, outcome, detail, at) VALUES ($1, $2, $3, $4, gatehouse_now()) ON CONFLICT DO NOTHING`,
        [key, input.step, damaged.length === 0 ? 'done' : 'failed', JSON.stringify(detail)],
      );
      if (rowCount !== 1 || previous === null) return;
      await appendAudit(tx, { action: 'previous.archived', actor: GATEHOUSE, subject: input.promotionId, detail });
    });
  };
}
