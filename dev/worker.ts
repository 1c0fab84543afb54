import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stackEnvironment } from '../platform/config.js';
import type { Connection } from '../platform/connection-file.js';
import { entry } from '../platform/entry.js';
import { withSinks } from '../platform/sinks.js';
import { keepRunning } from './keep-running.js';
import type { StartOptions } from './start-options.js';

const READY_LINE = 'gatehouse worker ready';

/** Starts the worker on the servers of the stack; it is ready when it polls. */
export async function startWorker(
  to: Pick<Connection, 'workerUrl' | 'temporal' | 'sinks'>,
  options: StartOptions,
): Promise<void> {
  const { paths } = options;
  const { command, args } = entry('worker');
  await keepRunning(
    {
      name: 'the worker',
      command,
      args,
      env: withSinks(
        stackEnvironment({
          // Else glibc keeps what a flood of messages needed, in a pool for each of the worker's many threads.
          MALLOC_ARENA_MAX: '2',
          DATABASE_URL: to.workerUrl,
          TEMPORAL_ADDRESS: to.temporal.address,
          TEMPORAL_NAMESPACE: to.temporal.namespace,
          GATEHOUSE_STORE: paths.store,
          GATEHOUSE_SERVING: paths.serving,
          GATEHOUSE_NOTICES: paths.notices,
          GATEHOUSE_TEMPORAL_UI_URL: to.temporal.uiUrl,
        }),
        to.sinks,
      ),
      dataDir: paths.root,
      record: join(paths.run, 'worker.json'),
      log: join(paths.logs, 'worker.log'),
      ready: async (within, printed) => {
        while (!printed().includes(READY_LINE)) await delay(50, undefined, { signal: within });
      },
      readyWithinMs: 120_000,
      stopSignal: 'SIGTERM',
      graceMs: 30_000,
    },
    options,
  );
}
