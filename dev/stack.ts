import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Refusal } from '../domain/refusal.js';
import { readStackConfig } from '../platform/config.js';
import {
  makeDataDir,
  readConnection,
  removeConnection,
  type Connection,
  type DataDirPaths,
  type RunsAlready,
  type StackMessage,
} from '../platform/connection-file.js';
import { markStopping, releaseLock, takeLock } from './lock.js';
import { endRecorded, type ProcessRecord } from './process-record.js';
import { StartError } from './start-error.js';
import { startParts } from './start-parts.js';
import type { Part } from './start-options.js';

/** The order in which the parts are stopped: nothing is taken away from under what still uses it. */
const STOP_ORDER = ['the serving endpoint', 'the watchdog', 'the worker', 'Temporal', 'PostgreSQL'];

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '.gatehouse' },
    'free-ports': { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
  },
});

// Everything the stack writes holds somebody's keys, passwords or evidence.
process.umask(0o077);

const ending = new AbortController();
const hurry = new AbortController();
let asked = false;
let holdsLock = false;
const parts: Part[] = [];

const paths = makeDataDir(values['data-dir']);
const lock = join(paths.run, 'stack.json');

process.on('message', (message) => {
  if (message === 'hurry') hurry.abort();
  if (message === 'stop' || message === 'hurry') askToStop();
});
// Its log may be on a disk that is full.
process.stdout.on('error', () => undefined);
for (const event of ['disconnect', 'SIGTERM', 'SIGINT', 'SIGHUP']) process.on(event, askToStop);
// Whoever started it may be gone before this could be listened for.
if (process.send && !process.connected) askToStop();
process.on('uncaughtException', (error) => {
  note(error.stack ?? error.message);
  giveUp(error);
});

await leave(await run());

/** Runs the stack until it is to end, then stops every part; answers why, when nobody asked for it. */
async function run(): Promise<Omit<Extract<StackMessage, { type: 'refused' }>, 'type'> | undefined> {
  try {
    const holder = await takeLock(lock, paths.root, ending.signal);
    if (holder) return asked ? undefined : alreadyRuns(holder);
    holdsLock = true;
    if (ending.signal.aborted) markAsStopping();
    removeConnection(paths.root);
    await stopLeftovers();
    if (values.fresh) removeData(paths);
    const options = {
      paths,
      config: readStackConfig(),
      freePorts: values['free-ports'],
      signal: ending.signal,
      hurry: hurry.signal,
      say,
    };
    const connection = await startParts({ ...options, keep: (part) => parts.push(part) }, giveUp);
    await tell({ type: 'ready', connection });
    await new Promise((done) => (ending.signal.aborted ? done(undefined) : ending.signal.addEventListener('abort', done)));
  } catch (error) {
    giveUp(error);
  }
  for (const name of STOP_ORDER) {
    const part = parts.find((candidate) => candidate.name === name);
    if (!part) continue;
    await part.stop();
    say(`stopped ${name}`);
  }
  removeConnection(paths.root);
  holdsLock = false;
  releaseLock(lock);
  if (asked) return undefined;
  const reason: unknown = ending.signal.reason;
  const next = reason instanceof StartError ? reason.next : `see the logs in ${paths.logs}`;
  return { refusal: { kind: 'away', what: reason instanceof Error ? reason.message : String(reason), next } };
}

async function stopLeftovers(): Promise<void> {
  const left = [
    ['serving.json', 'SIGTERM'],
    ['watchdog.json', 'SIGTERM'],
    ['worker.json', 'SIGTERM'],
    ['temporal.json', 'SIGTERM'],
    ['postgres.json', 'SIGINT'],
  ] as const;
  for (const [file, signal] of left) {
    if (await endRecorded(join(paths.run, file), paths.root, signal, 30_000)) {
      say(`stopped what an earlier stack left running (${file.replace('.json', '')})`);
    }
  }
}

function removeData({ owner, store, serving, notices, sinks, keys, trust, postgres, temporalDb }: DataDirPaths): void {
  for (const path of [
    owner,
    store,
    serving,
    notices,
    sinks,
    keys,
    trust,
    postgres,
    temporalDb,
    `${temporalDb}-wal`,
    `${temporalDb}-shm`,
    `${temporalDb}-journal`,
  ]) {
    rmSync(path, { recursive: true, force: true });
  }
}

function alreadyRuns({ pid }: ProcessRecord): { readonly refusal: Refusal; readonly runs: RunsAlready } {
  let where = 'it is still starting';
  let connection: Connection | undefined;
  try {
    connection = readConnection(paths.root);
    if (connection) {
      const { temporal, readUrl } = connection;
      where = `UI ${temporal.uiUrl}, Temporal ${temporal.address}, PostgreSQL ${new URL(readUrl).host}`;
    }
  } catch (error) {
    where = `where is not known, for ${(error as Error).message}`;
  }
  const next = 'use it, or stop it with Ctrl-C where it was started';
  const what = `a stack runs on ${paths.root} already: ${where} (process ${pid})`;
  return { refusal: { kind: 'conflict', what, next }, runs: { pid, ...(connection && { connection }) } };
}

function askToStop(): void {
  asked = true;
  giveUp(new Error('asked to stop'));
}

function giveUp(error: unknown): void {
  if (holdsLock) markAsStopping();
  ending.abort(error);
}

/** Said before anything is stopped, so that the next stack to start waits instead of being refused. */
function markAsStopping(): void {
  try {
    markStopping(lock, paths.root);
  } catch (error) {
    // A full disk must not keep it from stopping.
    note((error as Error).message);
  }
}

function say(line: string): void {
  note(line);
  void tell({ type: 'line', line });
}

/** Standard output is the stack's own log. */
function note(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/** Whoever started the stack may be gone at any moment; the stack then has nobody to tell. */
async function tell(message: StackMessage): Promise<void> {
  if (process.connected) await new Promise((done) => process.send?.(message, undefined, {}, done));
}

async function leave(refused: Awaited<ReturnType<typeof run>>): Promise<never> {
  if (refused) {
    note(refused.refusal.what);
    await tell({ type: 'refused', ...refused });
  }
  process.exit(refused ? 1 : 0);
}
