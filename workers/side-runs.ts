import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { Log, Runs } from '../activities/ports.js';
import { byHandWorkflowId, noticeWorkflowId, watchWorkflowId } from '../domain/ids.js';
import { channelsOwed } from '../domain/routing.js';
import type { Db } from '../platform/pool.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import type { notice } from '../workflows/notice.js';
import type { rollback } from '../workflows/rollback.js';
import type { watch } from '../workflows/watch.js';
import { QUEUES } from './queues.js';
import { ANSWER_WITHIN_MS, livingRun } from './run-shown.js';
import { whatIsWrong } from './stuck.js';
import { loggable } from '../activities/failures.js';

type SideRuns = Pick<Runs, 'follow' | 'watch' | 'deliver'>;
type SideStory = typeof rollback | typeof watch | typeof notice;

interface SideRun<T extends SideStory> {
  readonly type: string;
  readonly workflowId: string;
  readonly input: Parameters<T>[0];
  readonly summary: string;
}

/** The short runs beside the promotions': what follows a change made by hand, and notices. Each is one run for its key. */
export function createSideRuns(client: Client, pool: pg.Pool): SideRuns {
  async function start<T extends SideStory>(of: SideRun<T>, isAnew = false): Promise<void> {
    const { type, workflowId, input, summary } = of;
    const begin = (conflict: 'USE_EXISTING' | 'TERMINATE_EXISTING') =>
      client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        client.workflow.start(type, {
          taskQueue: TASK_QUEUE,
          workflowId,
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          workflowIdConflictPolicy: conflict,
          args: [input],
          staticSummary: summary,
        }),
      );
    if (isAnew) return void (await begin('TERMINATE_EXISTING'));
    await begin('USE_EXISTING');
    const living = await livingRun(client, workflowId);
    const isOurs = !living || (living.type === type && whatIsWrong(living, QUEUES) === undefined);
    // Whoever reaches the namespace can have put another run under this id; the work is keyed, so ours may begin again.
    if (!isOurs) await begin('TERMINATE_EXISTING');
  }

  return {
    async follow({ key, model }) {
      const [kind = ''] = key.split('/');
      const workflowId = byHandWorkflowId(model, key);
      const type = kind === 'automatic' ? 'rollback' : kind;
      await start<typeof rollback>({
        type,
        workflowId,
        input: { changeKey: key },
        summary: `${kind === type ? '' : `${kind} `}${type} of ${model}`,
      });
    },
    async watch({ key, model, version, n }, isAnew) {
      const workflowId = watchWorkflowId({ model, version }, n);
      await start<typeof watch>(
        { type: 'watch', workflowId, input: { changeKey: key }, summary: `${model} ${version} in production` },
        isAnew,
      );
    },
    async deliver(key) {
      const channels = await channelsLeft(pool, key);
      if (channels.length === 0) return;
      await start<typeof notice>({ type: 'notice', workflowId: noticeWorkflowId(key), input: { key, channels }, summary: key });
    },
  };
}

/** The channels that a notice has not been over yet. */
async function channelsLeft(db: Db, key: string): Promise<string[]> {
  const { rows } = await db.query<{ routed: string[] | null; done: string[] }>(
    `SELECT channels AS routed, ARRAY(SELECT channel FROM notice_delivery WHERE notice_key = key) AS done FROM notice WHERE key = $1`,
    [key],
  );
  return rows.flatMap(({ routed, done }) => channelsOwed(routed).filter((channel) => !done.includes(channel)));
}

const BATCH = 50;
/** SQL: over how many channels a notice `n` has to be delivered, as `channelsOwed` has it. */
const OWED = '1 + coalesce(cardinality(n.channels), 0)';

/** Starts the side runs that were lost between a commit and their start. */
export async function startLost({ pool, runs, log }: { pool: pg.Pool; runs: SideRuns; log: Log }): Promise<void> {
  const changes = await pool.query<{ key: string; model: string }>(
    `SELECT c.key, m.name AS model FROM production_change c JOIN model_registry m ON m.id = c.model_id
      WHERE c.kind <> 'promotion' AND (SELECT count(*) FROM follow_up f WHERE f.change_key = c.key) < cardinality(c.follow_ups) LIMIT ${BATCH}`,
  );
  const notices = await pool.query<{ key: string }>(
    `SELECT n.key FROM notice n LEFT JOIN (SELECT notice_key, count(*) AS had FROM notice_delivery GROUP BY notice_key) d ON d.notice_key = n.key
      WHERE coalesce(d.had, 0) < ${OWED} ORDER BY random() LIMIT ${BATCH}`,
  );
  const lost = [
    ...changes.rows.map((change) => ({ what: change.key, start: () => runs.follow(change) })),
    ...notices.rows.map(({ key }) => ({ what: key, start: () => runs.deliver(key) })),
  ];
  for (const { what, start } of lost) {
    await start().catch((error: unknown) => log('warn', 'a run could not be started yet', { what, ...loggable(error) }));
  }
}
