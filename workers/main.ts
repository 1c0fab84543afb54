import { availableParallelism } from 'node:os';
import { Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { readWorkerConfig } from '../platform/config.js';
import { preflight } from '../platform/preflight.js';
import { TASK_QUEUE } from '../workflows/messages.js';
import { createLog, openDependencies, workflowCode } from './dependencies.js';
import { startReconciling } from './reconcile.js';

/** Open runs kept in memory; an evicted one is replayed at its next task. */
const MAX_CACHED_WORKFLOWS = 1_000;

const log = createLog();

/** One worker process, from start to a drained stop on SIGTERM or SIGINT. */
async function main(): Promise<void> {
  Runtime.install({ shutdownSignals: ['SIGTERM', 'SIGINT'] });
  const config = readWorkerConfig();
  await preflight(config.databaseUrl);
  const dependencies = await openDependencies(config, log);
  const worker = await Worker.create({
    connection: dependencies.connection,
    namespace: config.temporal.namespace,
    taskQueue: TASK_QUEUE,
    ...(await workflowCode()),
    activities: createActivities(dependencies.activities),
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    // Most activities run a model or hold a database connection; after an outage they all come at once.
    maxConcurrentActivityTaskExecutions: 2 * availableParallelism() + 4,
    // A worker that died in mid-run otherwise delays the next message to it by ten seconds.
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: '2s',
  });
  const reconciling = startReconciling({ ...dependencies.activities, client: dependencies.client });
  const running = worker.run();
  process.stdout.write('gatehouse worker ready\n');
  try {
    await running;
  } finally {
    await reconciling.stop();
    await dependencies.close();
  }
}

main().catch((error: unknown) => {
  log('error', 'the worker ended', { error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 6;
});
