import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log, Runs } from '../activities/ports.js';
import { GATEHOUSE } from '../domain/audit.js';
import { promotionWorkflowId } from '../domain/ids.js';
import { appendAudit } from '../platform/audit.js';
import { inTransaction, type Db } from '../platform/pool.js';
import { decideSignal, recordChangedSignal, TASK_QUEUE } from '../workflows/messages.js';
import type { promotion } from '../workflows/promotion.js';
import { HAS_WORK } from './open-promotions.js';
import { ANSWER_WITHIN_MS, livingRun } from './run-shown.js';
import { decisionsSent } from './sent-decisions.js';
import { createSideRuns } from './side-runs.js';
import { lockWork } from './work-lock.js';

/** The runs as the worker that looks after them sees them. */
export interface WorkerRuns extends Runs {
  /** Ends a run that lives but does not work, and starts another, unless that has happened already. */
  replace(promotionId: string, firstRunId: string, why: string): Promise<void>;
}

interface Row {
  readonly first_run_id: string | null;
  readonly name: string;
  readonly version: string;
}

const GONE = 'its run was gone, or was not the one on the record';

/** The promotions' runs over a Temporal client; the record says which run is the right one. */
export function createRuns(client: Client, pool: pg.Pool, log: Log): WorkerRuns {
  /** Starts a run, in the place of the one on the record, where `isNeeded` says so. */
  async function startWhere(isNeeded: (row: Row) => Promise<boolean>, promotionId: string, why: string): Promise<void> {
    await inTransaction(pool, async (tx) => {
      // One starter at a time: two would replace each other's run.
      await lockWork(tx, `run/${promotionId}`);
      const { rows } = await tx.query<Row>(
        `SELECT p.first_run_id, m.name, p.version FROM promotion p JOIN model_registry m ON m.id = p.model_id
          WHERE p.id = $1 AND ${HAS_WORK}`,
        [promotionId],
      );
      const row = rows[0];
      if (!row || !(await isNeeded(row))) return;
      const replaces = row.first_run_id;
      const run = await startRun(client, tx, promotionId, row);
      // The model first, as everywhere: only then the promotion's row, and the audit head last.
      await tx.query('SELECT lock_model($1)', [row.name]);
      await tx.query('UPDATE promotion SET first_run_id = $2 WHERE id = $1', [promotionId, run]);
      const action = replaces === null ? 'run.started' : 'run.replaced';
      const detail = { run, replaces, ...(replaces !== null && { why }) };
      await appendAudit(tx, { action, actor: GATEHOUSE, subject: promotionId, detail });
      log(replaces === null ? 'info' : 'warn', action, { promotionId, ...detail });
    });
  }

  return {
    ...createSideRuns(client, pool),
    ensure: (promotionId) =>
      startWhere(
        async ({ first_run_id: recorded }) =>
          recorded === null || (await livingRun(client, promotionWorkflowId(promotionId)))?.firstRunId !== recorded,
        promotionId,
        GONE,
      ),
    replace: (promotionId, firstRunId, why) =>
      startWhere(({ first_run_id: recorded }) => Promise.resolve(recorded === firstRunId), promotionId, why),
    async nudge(promotionId) {
      try {
        await client.workflow.getHandle(promotionWorkflowId(promotionId)).signal(recordChangedSignal);
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

async function startRun(
  client: Client,
  db: Db,
  promotionId: string,
  { first_run_id: before, name, version }: Row,
): Promise<string> {
  const sent = before === null ? [] : await decisionsSent(client, db, promotionId);
  return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, async () => {
    const handle = await client.workflow.start<typeof promotion>('promotion', {
      taskQueue: TASK_QUEUE,
      workflowId: promotionWorkflowId(promotionId),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      args: [{ promotionId }],
      staticSummary: `${name} ${version} to production`,
      staticDetails: `Attempt ${promotionId}. The record in PostgreSQL decides; this run waits, retries and reminds.`,
    });
    for (const decision of sent) await handle.signal(decideSignal, decision);
    return handle.firstExecutionRunId;
  });
}
