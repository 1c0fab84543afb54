import { availableParallelism } from 'node:os';
import { Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { MOST_AT_ONCE } from '../activities/notify/deliver.js';
import { reconcileHolds } from '../activities/registry/reconcile-holds.js';
import { CHANNELS } from '../domain/notice.js';
import { readWorkerConfig, type WorkKind } from '../platform/config.js';
import { preflight } from '../platform/preflight.js';
import { EVIDENCE_QUEUE, TASK_QUEUE } from '../workflows/messages.js';
import { openDependencies, workflowCode, type Dependencies } from './dependencies.js';
import { startReconciling } from './reconcile.js';
import { createLog } from './telling.js';
import { startWatchdog } from './watchdog.js';
import { createWatches } from './watches.js';

/** Open runs kept in memory; an evicted one is replayed at its next task. */
const MAX_CACHED_WORKFLOWS = 1_000;

const MOST_MESSAGES_AT_ONCE = CHANNELS.length * MOST_AT_ONCE;

const log = createLog();

/** One worker process, from start to a drained stop on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  Runtime.install({ shutdownSignals: ['SIGTERM', 'SIGINT'] });
  const config = readWorkerConfig();
  await preflight(config.databaseUrl, config.prometheus);
  const dependencies = await openDependencies(config, log);
  const queues = config.work.filter((kind) => kind !== 'watchdog');
  const workers = await Promise.all(queues.map((kind) => createWorker(kind, dependencies, config.temporal.namespace)));
  const { activities, client } = dependencies;
  const reconciling = config.work.includes('promotions')
    ? startReconciling({ ...activities, client, holds: () => reconcileHolds(activities), watches: createWatches(activities) })
    : undefined;
  const watchdog = config.work.includes('watchdog')
    ? startWatchdog({ ...activities, deliver: (key) => activities.runs.deliver(key) })
    : undefined;
  const running = workers.map((worker) => worker.run());
  process.stdout.write('gatehouse worker ready\n');
  try {
    await Promise.all(running);
  } finally {
    // Where one has failed, the process is started anew with both.
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.allSettled(running);
    await reconciling?.stop();
    await watchdog?.stop();
    await dependencies.close();
  }
}

async function createWorker(
  kind: Exclude<WorkKind, 'watchdog'>,
  { activities, connection, payloadCodecs }: Dependencies,
  namespace: string,
): Promise<Worker> {
  const { runChecks, ...others } = createActivities(activities);
  const shared: Pick<WorkerOptions, 'connection' | 'namespace' | 'shutdownGraceTime'> = {
    connection,
    namespace,
    shutdownGraceTime: '2s',
  };
  if (kind === 'evidence') {
    return Worker.create({
      ...shared,
      taskQueue: EVIDENCE_QUEUE,
      activities: { runChecks },
      dataConverter: { payloadCodecs },
      // A round keeps a core or two busy, and measures latency: others beside it would only be in the way.
      maxConcurrentActivityTaskExecutions: availableParallelism(),
      // A measurement hears that it is cancelled in the answer to a heartbeat.
      maxHeartbeatThrottleInterval: '2s',
    });
  }
  return Worker.create({
    ...shared,
    taskQueue: TASK_QUEUE,
    ...(await workflowCode(payloadCodecs)),
    activities: others,
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    // Most activities run a model or hold a database connection; after an outage they all come at once. Messages hold neither, and
    // channels that hang leave the others as much room as they had.
    maxConcurrentActivityTaskExecutions: 2 * availableParallelism() + 4 + MOST_MESSAGES_AT_ONCE,
    // A worker that died in mid-run otherwise delays the next message to it by ten seconds.
    stickyQueueScheduleToStartTimeout: '1s',
  });
}

main().catch((error: unknown) => {
  log('error', 'the worker ended', { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 6;
});
