import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log, Runs } from '../activities/ports.js';
import { FOLLOW_UPS } from '../domain/follow-ups.js';
import { byHandWorkflowId, noticeWorkflowId } from '../domain/ids.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import type { notice } from '../workflows/notice.js';
import type { rollback } from '../workflows/rollback.js';
import { ANSWER_WITHIN_MS } from './run-shown.js';

type SideRuns = Pick<Runs, 'follow' | 'deliver'>;

/** The short runs beside the promotions': what follows a change made by hand, and notices. Each is one run for its key. */
export function createSideRuns(client: Client): SideRuns {
  const start = <T extends typeof rollback | typeof notice>(
    type: string,
    workflowId: string,
    input: Parameters<T>[0],
    summary: string,
  ) =>
    client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      client.workflow.start(type, {
        taskQueue: TASK_QUEUE,
        workflowId,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [input],
        staticSummary: summary,
      }),
    );
  return {
    async follow({ key, model }) {
      const [kind = ''] = key.split('/');
      await start<typeof rollback>(kind, byHandWorkflowId(model, key), { changeKey: key }, `${kind} of ${model}`);
    },
    async deliver(key) {
      await start<typeof notice>('notice', noticeWorkflowId(key), { key }, key);
    },
  };
}

const BATCH = 50;

/** Starts the side runs that were lost between a commit and their start. */
export async function startLost({ pool, runs, log }: { pool: pg.Pool; runs: SideRuns; log: Log }): Promise<void> {
  const changes = await pool.query<{ key: string; model: string }>(
    `SELECT c.key, m.name AS model FROM production_change c JOIN model_registry m ON m.id = c.model_id
      WHERE c.kind <> 'promotion' AND (SELECT count(*) FROM follow_up f WHERE f.change_key = c.key) < $1 LIMIT ${BATCH}`,
    [FOLLOW_UPS.length],
  );
  const notices = await pool.query<{ key: string }>(
    `SELECT n.key FROM notice n WHERE NOT EXISTS (SELECT FROM notice_delivery d WHERE d.notice_key = n.key) ORDER BY n.at LIMIT ${BATCH}`,
  );
  const lost = [
    ...changes.rows.map((change) => ({ what: change.key, start: () => runs.follow(change) })),
    ...notices.rows.map(({ key }) => ({ what: key, start: () => runs.deliver(key) })),
  ];
  for (const { what, start } of lost) {
    await start().catch((error: unknown) => log('warn', 'a run could not be started yet', { what, error: String(error) }));
  }
}
