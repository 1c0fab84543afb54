import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log, Runs } from '../activities/ports.js';
import { promotionWorkflowId } from '../domain/ids.js';

const EVERY_MS = 20_000;
const RECONCILE_LOCK = 7_402_120;

/** What the loop stands on. */
export interface ReconcileDeps {
  readonly client: Client;
  readonly pool: pg.Pool;
  readonly runs: Runs;
  readonly log: Log;
}

/**
 * Compares the record's open promotions with the runs that live, at once and then every 20 s until `stop` is called:
 * a missing run is started again, a run whose attempt has ended is told. It is no workflow, because it must work when
 * Temporal's state is what is wrong, and it knows no rule of its own.
 */
export function startReconciling(deps: ReconcileDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const loop = (async () => {
    while (!signal.aborted) {
      await reconcileOnce(deps).catch((error: unknown) =>
        deps.log('warn', 'reconcile failed, will try again', { error: String(error) }),
      );
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** One comparison; a second worker's at the same moment is skipped. */
export async function reconcileOnce({ client, pool, runs, log }: ReconcileDeps): Promise<void> {
  const lock = await pool.connect();
  try {
    const { rows } = await lock.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [RECONCILE_LOCK]);
    if (!rows[0]?.mine) return;
    try {
      await compare({ client, pool, runs, log });
    } finally {
      await lock.query('SELECT pg_advisory_unlock($1)', [RECONCILE_LOCK]);
    }
  } finally {
    lock.release();
  }
}

async function compare({ client, pool, runs, log }: ReconcileDeps): Promise<void> {
  const living = new Map<string, string>();
  for await (const run of client.workflow.list({ query: `WorkflowType = 'promotion' AND ExecutionStatus = 'Running'` })) {
    living.set(run.workflowId, run.raw.firstRunId ?? '');
  }
  const { rows } = await pool.query<{ id: string; first_run_id: string | null }>(
    `SELECT id, first_run_id FROM promotion WHERE state IN ('validating', 'staging', 'production')`,
  );
  const open = new Map(rows.map((row) => [promotionWorkflowId(row.id), row]));
  // Lists lag: what looks missing here is looked up once more by `ensure`, which starts only what really is.
  for (const [workflowId, row] of open) {
    if (living.get(workflowId) === row.first_run_id) continue;
    await runs.ensure(row.id).catch((error: unknown) => {
      log('warn', 'a run could not be made sure of, will try again', { promotionId: row.id, error: String(error) });
    });
  }
  for (const workflowId of living.keys()) {
    if (!open.has(workflowId)) await runs.nudge(workflowId.replace(/^promotion\//, ''));
  }
}
