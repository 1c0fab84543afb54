import { execFile } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { stackEnvironment } from '../platform/config.js';
import type { Connection, DataDirPaths } from '../platform/connection-file.js';
import { keepRunning } from './keep-running.js';
import { HOST, startOnPorts } from './ports.js';
import type { Launch } from './process.js';
import type { StartOptions } from './start-options.js';
import { temporalBinary } from './temporal-binary.js';

const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const NAMESPACE = 'default';
/** A convenience for looking at old runs; the record is what is kept. */
const RETENTION = '365d';

const SEARCH_ATTRIBUTES = {
  ModelName: 'Keyword',
  ModelVersion: 'Keyword',
  Stage: 'Keyword',
  PendingGates: 'KeywordList',
  SoakEndsAt: 'Datetime',
  Severity: 'Keyword',
};

/** Starts Temporal's development server with its state in the data directory, its namespace and search attributes ready. */
export async function startTemporal(options: StartOptions): Promise<Connection['temporal']> {
  const { paths, say } = options;
  const binary = await temporalBinary(options.config, options.signal, say);
  const wanted = options.freePorts
    ? { Temporal: undefined, "Temporal's UI": undefined }
    : { Temporal: DEFAULT_PORT, "Temporal's UI": DEFAULT_UI_PORT };
  const [port = 0, uiPort = 0] = await startOnPorts(wanted, say, (chosen, chosenUi) =>
    keepRunning(serverOn(chosen, chosenUi, binary, paths), options),
  );
  return { address: `${HOST}:${port}`, namespace: NAMESPACE, uiUrl: `http://${HOST}:${uiPort}` };
}

function serverOn(port: number, uiPort: number, binary: string, paths: DataDirPaths): Launch {
  const env = stackEnvironment({});
  return {
    name: 'Temporal',
    command: binary,
    // It takes the file's name for part of a URI, so a "?" in a folder's name would end it.
    cwd: dirname(paths.temporalDb),
    args: serverArgs(basename(paths.temporalDb), port, uiPort),
    env,
    dataDir: paths.root,
    record: join(paths.run, 'temporal.json'),
    log: join(paths.logs, 'temporal.log'),
    ready: async (within, printed) => {
      // Another server may answer on a port that this one did not get; only its own address in its own log tells.
      while (!printed().includes(`:${port}\n`)) await delay(50, undefined, { signal: within });
      await setRetention(binary, `${HOST}:${port}`, env, within);
    },
    readyWithinMs: 60_000,
    stopSignal: 'SIGTERM',
    graceMs: 15_000,
  };
}

function serverArgs(database: string, port: number, uiPort: number): string[] {
  const listen = ['--ip', HOST, '--port', String(port), '--ui-port', String(uiPort), '--ui-disable-news-fetch'];
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  // Without it a timer fires up to a second late on this server.
  const timers = ['--dynamic-config-value', 'history.timerProcessorMaxTimeShift="10ms"'];
  return ['server', 'start-dev', '--db-filename', database, ...listen, ...timers, ...attributes, '--log-level', 'warn'];
}

/** That the namespace can be changed is what tells that the server does its work. */
async function setRetention(binary: string, address: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const reach = ['--namespace', NAMESPACE, '--address', address, '--disable-config-file', '--disable-config-env'];
  const args = ['operator', 'namespace', 'update', '--retention', RETENTION, '--command-timeout', '5s', ...reach];
  for (;;) {
    try {
      await promisify(execFile)(binary, args, { env, signal });
      return;
    } catch {
      await delay(100, undefined, { signal });
    }
  }
}
