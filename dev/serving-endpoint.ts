import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stackEnvironment } from '../platform/config.js';
import { entry } from '../platform/entry.js';
import { keepRunning } from './keep-running.js';
import { HOST, startOnPorts } from './ports.js';
import type { StartOptions } from './start-options.js';

const DEFAULT_PORT = 8088;
const READY_LINE = 'gatehouse serving ready';

/**
 * Starts the demo serving endpoint, which writes its predictions down with this login, and answers where it is. Without it
 * everything else works: one that does not come up is said, and undefined.
 */
export async function startServing(servingUrl: string, options: StartOptions): Promise<string | undefined> {
  const wanted = { 'the serving endpoint': options.freePorts ? undefined : DEFAULT_PORT };
  try {
    const [port] = await startOnPorts(wanted, options.say, (chosen) => startOn(chosen, servingUrl, options));
    return `http://${HOST}:${port}`;
  } catch (error) {
    options.signal.throwIfAborted();
    options.say((error as Error).message);
    return undefined;
  }
}

async function startOn(port: number, servingUrl: string, options: StartOptions): Promise<void> {
  const { paths } = options;
  const { command, args } = entry('serving');
  await keepRunning(
    {
      name: 'the serving endpoint',
      command,
      args,
      env: stackEnvironment({
        DATABASE_URL: servingUrl,
        GATEHOUSE_DATA_DIR: paths.root,
        GATEHOUSE_ENDPOINT_PORT: String(port),
      }),
      dataDir: paths.root,
      record: join(paths.run, 'serving.json'),
      log: join(paths.logs, 'serving.log'),
      ready: async (within, printed) => {
        while (!printed().includes(READY_LINE)) await delay(50, undefined, { signal: within });
      },
      readyWithinMs: 60_000,
      stopSignal: 'SIGTERM',
      graceMs: 10_000,
    },
    options,
  );
}
