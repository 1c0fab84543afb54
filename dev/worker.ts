import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stackEnvironment } from '../platform/config.js';
import type { Connection } from '../platform/connection-file.js';
import { entry } from '../platform/entry.js';
import { withSinks } from '../platform/sinks.js';
import { keepRunning } from './keep-running.js';
import type { StartOptions } from './start-options.js';

const READY_LINE = 'gatehouse worker ready';

type Servers = Pick<Connection, 'workerUrl' | 'temporal' | 'sinks'>;

/** Starts the worker on the servers of the stack; it is ready when it polls. */
export async function startWorker(to: Servers, options: StartOptions): Promise<void> {
  await start(to, options, { name: 'the worker', of: 'worker', env: {} });
}

/** Starts the watchdog, which looks from a process of its own whether what is in production is watched; it is ready when it looks. */
export async function startWatchdog(to: Servers, options: StartOptions): Promise<void> {
  await start(to, options, { name: 'the watchdog', of: 'watchdog', env: { GATEHOUSE_WORK: 'watchdog' } });
}

async function start(
  to: Servers,
  options: StartOptions,
  {
    name,
    of,
    env,
  }: { readonly name: string; readonly of: 'worker' | 'watchdog'; readonly env: Readonly<Record<string, string>> },
): Promise<void> {
  const { paths } = options;
  const { command, args } = entry(of);
  await keepRunning(
    {
      name,
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
          ...env,
        }),
        to.sinks,
      ),
      dataDir: paths.root,
      record: join(paths.run, `${of}.json`),
      log: join(paths.logs, `${of}.log`),
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
