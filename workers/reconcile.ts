import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log } from '../activities/ports.js';
import { promotionWorkflowId } from '../domain/ids.js';
import { inTransaction, type Tx } from '../platform/pool.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { createLookout, type ListedRun, type Lookout } from './lookout.js';
import { openPromotions } from './open-promotions.js';
import type { WorkerRuns } from './runs.js';
import { startLost } from './side-runs.js';
import { tryLockWork } from './work-lock.js';
import { loggable } from '../activities/failures.js';

const EVERY_MS = 10_000;
const LIST_WITHIN_MS = 60_000;

/** Search attributes with which the server marks a run that is paused, that fails its tasks, or that is bound to a deployment. */
const ODD_ATTRIBUTES = ['TemporalPauseInfo', 'TemporalReportedProblems', 'TemporalWorkflowVersioningBehavior'];

/** What the loop stands on. */
export interface ReconcileDeps {
  readonly client: Client;
  readonly pool: pg.Pool;
  readonly runs: WorkerRuns;
  readonly log: Log;
  /** Brings what is held at the serving side onto the record, and the other way round. */
  readonly holds: () => Promise<void>;
  /** Makes sure that every version in production is watched. */
  readonly watches: () => Promise<void>;
}

/**
 * Compares the record's open promotions with the runs that live, at once and then every 10 s until `stop` is called:
 * a missing run is started again, one that lives but does not work is replaced, a run whose attempt has ended is told.
 * It is no workflow, because it must work when Temporal's state is what is wrong, and it knows no rule of its own.
 */
export function startReconciling(deps: ReconcileDeps): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const lookout = createLookout(deps);
  const round = async (work: () => Promise<void>, failed: string): Promise<void> => {
    // A stop does not wait until a Temporal that is gone is given up.
    await deps.client.withAbortSignal(signal, work).catch((error: unknown) => {
      if (!signal.aborted) deps.log('warn', `${failed}, will try again`, { ...loggable(error) });
    });
  };
  const loop = (async () => {
    while (!signal.aborted) {
      await round(deps.holds, 'spooled holds could not be reconciled');
      if (!signal.aborted) await round(deps.watches, 'watches could not be looked after');
      if (!signal.aborted) await round(() => startLost(deps), 'lost runs could not be looked for');
      if (!signal.aborted) await round(() => reconcileOnce(deps, lookout), 'reconcile failed');
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
export async function reconcileOnce(deps: ReconcileDeps, lookout: Lookout): Promise<void> {
  await inTransaction(deps.pool, async (lock) => {
    if (!(await tryLockWork(lock, 'reconcile'))) return;
    await compare(deps, lookout, lock);
  });
}

async function compare({ client, runs, log }: ReconcileDeps, lookout: Lookout, lock: Tx): Promise<void> {
  const living = await client.withDeadline(Date.now() + LIST_WITHIN_MS, () => listRuns(client));
  const promotions = await openPromotions(lock);
  const open = new Set(promotions.map(({ id }) => promotionWorkflowId(id)));
  const each = async (promotionId: string, work: () => Promise<void>): Promise<void> => {
    // The transaction that holds the lock is ended by the server when it is idle for too long.
    await lock.query('SELECT');
    await work().catch((error: unknown) => {
      log('warn', 'a run could not be made sure of, will try again', { promotionId, ...loggable(error) });
    });
  };
  // Lists lag: what looks missing or odd here is looked at itself before anything is done about it.
  for (const promotion of promotions)
    await each(promotion.id, () => lookout(promotion, living.get(promotionWorkflowId(promotion.id))));
  for (const workflowId of living.keys()) {
    const promotionId = workflowId.replace(/^promotion\//, '');
    if (!open.has(workflowId)) await each(promotionId, () => runs.nudge(promotionId));
  }
}

async function listRuns(client: Client): Promise<Map<string, ListedRun>> {
  const living = new Map<string, ListedRun>();
  for await (const run of client.workflow.list({ query: `WorkflowType = 'promotion' AND ExecutionStatus = 'Running'` })) {
    const attributes = run.raw.searchAttributes?.indexedFields ?? {};
    const isOdd = run.taskQueue !== TASK_QUEUE || ODD_ATTRIBUTES.some((name) => name in attributes);
    living.set(run.workflowId, { runId: run.runId, isOdd });
  }
  return living;
}
