import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log, Runs } from '../activities/ports.js';
import { GATEHOUSE } from '../domain/audit.js';
import { promotionWorkflowId } from '../domain/ids.js';
import { appendAudit } from '../platform/audit.js';
import { inTransaction } from '../platform/pool.js';
import { recordChangedSignal, TASK_QUEUE } from '../workflows/messages.js';
import type { promotion } from '../workflows/promotion.js';

/** A transaction waits for these calls, so they may not take long. */
const ANSWER_WITHIN_MS = 10_000;

/** The promotions' runs over a Temporal client; the record says which run is the right one. */
export function createRuns(client: Client, pool: pg.Pool, log: Log): Runs {
  return {
    async ensure(promotionId) {
      await inTransaction(pool, async (tx) => {
        // One starter at a time: two would replace each other's run.
        await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('run/' || $1, 0))`, [promotionId]);
        const { rows } = await tx.query<{ first_run_id: string | null; name: string; version: string }>(
          `SELECT p.first_run_id, m.name, p.version FROM promotion p JOIN model_registry m ON m.id = p.model_id
            WHERE p.id = $1 AND p.state IN ('validating', 'staging', 'production')`,
          [promotionId],
        );
        const row = rows[0];
        if (!row || (row.first_run_id !== null && (await livingRun(client, promotionId)) === row.first_run_id)) return;
        const firstRunId = await startRun(client, promotionId, row);
        // The model first, as everywhere: only then the promotion's row, and the audit head last.
        await tx.query('SELECT lock_model($1)', [row.name]);
        await tx.query('UPDATE promotion SET first_run_id = $2 WHERE id = $1', [promotionId, firstRunId]);
        const action = row.first_run_id === null ? 'run.started' : 'run.replaced';
        await appendAudit(tx, {
          action,
          actor: GATEHOUSE,
          subject: promotionId,
          detail: { run: firstRunId, replaces: row.first_run_id },
        });
        log(row.first_run_id === null ? 'info' : 'warn', action, { promotionId, run: firstRunId });
      });
    },
    async nudge(promotionId) {
      try {
        await client.workflow.getHandle(promotionWorkflowId(promotionId)).signal(recordChangedSignal);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

/** The first run id of the run that lives under a promotion's id, or undefined when none does. */
async function livingRun(client: Client, promotionId: string): Promise<string | undefined> {
  try {
    const { status, raw } = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflow.getHandle(promotionWorkflowId(promotionId)).describe(),
    );
    return status.name === 'RUNNING' ? (raw.workflowExecutionInfo?.firstRunId ?? undefined) : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function startRun(
  client: Client,
  promotionId: string,
  { name, version }: { name: string; version: string },
): Promise<string> {
  const handle = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    client.workflow.start<typeof promotion>('promotion', {
      taskQueue: TASK_QUEUE,
      workflowId: promotionWorkflowId(promotionId),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      args: [{ promotionId }],
      staticSummary: `${name} ${version} to production`,
      staticDetails: `Attempt ${promotionId}. The record in PostgreSQL decides; this run waits, retries and reminds.`,
    }),
  );
  return handle.firstExecutionRunId;
}
